import { createHash } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { ROLES, type Role } from '#shared/core/role.ts'
import { makeContext } from './lambda-events.ts'

const secretOf = (role: Role) => `key-of-${role}`

/** The setting `API_KEYS` with one key for each role. The principal of a key has the name of its role. */
export const API_KEYS = ROLES.map((role) => {
  const sha256 = createHash('sha256').update(secretOf(role)).digest('hex')
  return `${role}:${role}:${sha256}`
}).join(',')

/** The header with the key of a role. */
export function keyOf(role: Role): Readonly<Record<string, string>> {
  return { 'x-api-key': secretOf(role) }
}

/** Calls a function with a request. Returns its response, with the body parsed if it is JSON. */
export async function callHttp(handler: ReturnType<typeof httpHandler>, event: APIGatewayProxyEventV2) {
  const { statusCode, headers = {}, body } = await handler(event, makeContext(10_000))
  const isJson = /json$/.test(String(headers['content-type']))
  return {
    status: statusCode,
    headers,
    body: isJson && body !== undefined ? JSON.parse(body) : body,
  }
}
