import type { Role, User } from './session.ts'

/** From the most to the least: the highest of a user's groups counts, as on the server. */
const ROLES: readonly Role[] = ['admin', 'operator', 'publisher', 'viewer']

/** The user of an access token of Cognito. The server verifies it: this only says what to show. */
export function userOfClaims({ username, sub, 'cognito:groups': groups }: Record<string, unknown>): User {
  const names: readonly unknown[] = Array.isArray(groups) ? groups : []
  return { name: String(username ?? sub), role: ROLES.find((role) => names.includes(role)) ?? null }
}
