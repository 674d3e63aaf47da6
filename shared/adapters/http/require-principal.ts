import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { HttpRequest } from './http-message.ts'

/** The ways to identify the sender of a request. */
export type Identify = {
  /** Null for a key that is unknown, has expired or was revoked. */
  readonly byKey: (key: string) => Promise<Principal | null>
  /** Throws Refusal with what is wrong with the token. */
  readonly byToken: (token: string) => Promise<Principal>
}

/** API keys begin so, which no token does. */
const KEY_PREFIX = 'tw_'
const UNKNOWN_KEY = 'This API key is not known, has expired or was revoked.'

/**
 * Who sent a request, by its `x-api-key`, or else its `authorization: Bearer` with an access token or an API key.
 * Throws Refusal `unauthenticated`, and what the ways to identify throw.
 */
export async function requirePrincipal(
  { headers }: Pick<HttpRequest, 'headers'>,
  { byKey, byToken }: Identify,
): Promise<Principal> {
  const { 'x-api-key': key, authorization } = headers
  const ofKey = async (secret: string) => (await byKey(secret)) ?? refuse(UNKNOWN_KEY)
  if (key) return ofKey(key)
  if (!authorization)
    return refuse('Send an API key in the header "x-api-key", or "authorization: Bearer <access token>".')
  // RFC 9110 §11.1: the name of the scheme is case-insensitive.
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  if (!token)
    return refuse('The header "authorization" must be "Bearer <access token>", or "Bearer <API key>".')
  return token.startsWith(KEY_PREFIX) ? ofKey(token) : byToken(token)
}

/** Returns the API key of a request, or null if it has a token or nothing. A key costs a table read, a token none. */
export function keyIn({ headers }: Pick<HttpRequest, 'headers'>): string | null {
  const { 'x-api-key': key, authorization = '' } = headers
  if (key) return key
  const [, token = ''] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  return token.startsWith(KEY_PREFIX) ? token : null
}

function refuse(detail: string): never {
  throw new Refusal('unauthenticated', detail)
}
