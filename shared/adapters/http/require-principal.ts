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

/** API keys begin so, those of the local stack with its name; no token does. */
const KEY = /^(?:tw_|local-)/
const UNKNOWN_KEY = 'This API key is not known, has expired or was revoked.'

/**
 * Who sent a request, by its `x-api-key`, or else its `authorization: Bearer` with an access token or an API key.
 * Throws Refusal `unauthenticated`, `malformed` for a header that came several times, and what the ways to identify throw.
 */
export async function requirePrincipal(
  { headers }: Pick<HttpRequest, 'headers'>,
  { byKey, byToken }: Identify,
): Promise<Principal> {
  const { 'x-api-key': key, authorization } = headers
  const ofKey = async (secret: string) => (await byKey(secret)) ?? refuse(UNKNOWN_KEY)
  if (key) return ofKey(single('x-api-key', key.trim()))
  if (!authorization?.trim())
    return refuse('Send an API key in the header "x-api-key", or "authorization: Bearer <access token>".')
  const token = bearerOf(authorization)
  if (token === null) return refuse(schemeProblem(authorization))
  return KEY.test(token) ? ofKey(token) : byToken(token)
}

/** Returns the API key of a request, or null if it has a token or nothing. A key costs a table read, a token none. */
export function keyIn({ headers }: Pick<HttpRequest, 'headers'>): string | null {
  const { 'x-api-key': key, authorization = '' } = headers
  if (key) return key.trim()
  const [, token = ''] = BEARER.exec(authorization) ?? []
  return KEY.test(token) ? token : null
}

// RFC 9110 §11.1, RFC 6750 §2.1: the name of the scheme is case-insensitive.
//   credentials = "Bearer" 1*SP b64token
const BEARER = /^[ \t]*bearer[ \t]+(\S+)[ \t]*$/i

function bearerOf(authorization: string): string | null {
  const [, token] = BEARER.exec(single('authorization', authorization)) ?? []
  return token ?? null
}

const SCHEMES = /^[ \t]*(basic|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)\b/i
const TAKEN = 'the header "authorization" must be "Bearer <access token>", or "Bearer <API key>"'

function schemeProblem(authorization: string): string {
  const [, scheme] = SCHEMES.exec(authorization) ?? []
  return scheme === undefined
    ? `T${TAKEN.slice(1)}.`
    : `The scheme ${scheme} is not one that is taken here: ${TAKEN}.`
}

/**
 * Neither tokens nor keys have a comma, by which API Gateway joins the values of headers with one name. The credentials
 * of some other schemes do.
 */
function single(name: string, value: string): string {
  if (!value.includes(',') || (name === 'authorization' && !/^\s*bearer\b|,\s*bearer\b/i.test(value)))
    return value
  throw new Refusal('malformed', `The header "${name}" came several times, or has a comma: send it once.`)
}

function refuse(detail: string): never {
  throw new Refusal('unauthenticated', detail)
}
