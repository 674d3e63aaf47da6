import { Refusal } from './refusal.ts'

/** The roles of users and keys, from the lowest to the highest. */
export const ROLES = ['viewer', 'publisher', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** The user, service or key behind a connection or a request. */
export type Principal = { readonly name: string; readonly role: Role }

/** Returns `lowest` and all higher roles. */
export function rolesFrom(lowest: Role): readonly Role[] {
  return ROLES.slice(ROLES.indexOf(lowest))
}

/** The roles that may write events. */
export const PUBLISHERS = rolesFrom('publisher')

/** Returns the highest role among the names of a user's groups, or null if no group is a role. */
export function highestRole(groups: readonly unknown[]): Role | null {
  return ROLES.findLast((role) => groups.includes(role)) ?? null
}

/** Throws Refusal `forbidden` unless the principal has one of the roles. `deed` completes "may not …". */
export function assertRole({ role }: Principal, roles: readonly Role[], deed: string): void {
  if (roles.includes(role)) return
  const needed = new Intl.ListFormat('en', { type: 'disjunction' }).format(roles)
  throw new Refusal('forbidden', `The role ${role} may not ${deed}: that takes the role ${needed}.`)
}
