import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { keyName } from '#shared/core/access/principal.ts'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { makeContext } from './lambda-events.ts'

const secretOf = (role: Role) => `key-of-${role}`

/** Knows one key for each role, and no token. The principal of a key has the name of its role, such as `key:admin`. */
export const identifyByRole: Identify = {
  byKey: async (key) => {
    const role = ROLES.find((name) => secretOf(name) === key)
    return role ? { kind: 'key', name: keyName(role), role, issued: 0 } : null
  },
  byToken: () => Promise.reject(new Refusal('unauthenticated', 'This token is not valid.')),
}

/** The header with the key of a role. */
export function keyOf(role: Role): Readonly<Record<string, string>> {
  return { 'x-api-key': secretOf(role) }
}

/**
 * Calls a function with a request, of whose time `remainingMs` is left. Returns its response, with the body parsed if it
 * is JSON.
 */
export async function callHttp(
  handler: ReturnType<typeof httpHandler>,
  event: APIGatewayProxyEventV2,
  remainingMs = 10_000,
) {
  const { statusCode, headers = {}, body } = await handler(event, makeContext(remainingMs))
  const isJson = /json$/.test(String(headers['content-type']))
  return {
    status: statusCode,
    headers,
    body: isJson && body !== undefined ? JSON.parse(body) : body,
  }
}
