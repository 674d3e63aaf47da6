/** The roles of users, services and keys, from the lowest to the highest. */
export const ROLES = ['viewer', 'publisher', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Returns the highest role among the names of a user's groups, or null if no group is a role. */
export function highestRole(groups: readonly unknown[]): Role | null {
  return ROLES.findLast((role) => groups.includes(role)) ?? null
}
