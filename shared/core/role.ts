import type { Principal } from '#shared/pipeline/ports.ts'
import { Refusal } from './refusal.ts'

export type Role = Principal['role']

/** From the least to the most. */
const ROLES: readonly Role[] = ['viewer', 'publisher', 'operator', 'admin']

/** Who may write events. */
export const PUBLISHERS: readonly Role[] = ['publisher', 'operator', 'admin']

/** The highest role among the names of a user's groups; null if there is none. */
export function highestRole(groups: readonly unknown[]): Role | null {
  return ROLES.findLast((role) => groups.includes(role)) ?? null
}

/** Throws Refusal `forbidden` unless the principal has one of the roles. `deed` completes "may not …". */
export function requireRole({ role }: Principal, roles: readonly Role[], deed: string): void {
  if (roles.includes(role)) return
  const needed = new Intl.ListFormat('en', { type: 'disjunction' }).format(roles)
  throw new Refusal('forbidden', `The role ${role} may not ${deed}: that takes the role ${needed}.`)
}
