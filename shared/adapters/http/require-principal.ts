import type { Principal } from '#shared/core/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { HttpRequest } from './http-message.ts'

/** The ways to identify the sender of a request. */
export type Identify = {
  readonly byKey: (key: string) => Principal | null
  /** Throws Refusal with what is wrong with the token. */
  readonly byToken: (token: string) => Promise<Principal>
}

/** Who sent a request, by its `x-api-key` or else its `authorization: Bearer <access token>`. Throws Refusal. */
export async function requirePrincipal(
  { headers }: Pick<HttpRequest, 'headers'>,
  { byKey, byToken }: Identify,
): Promise<Principal> {
  const { 'x-api-key': key, authorization } = headers
  if (key) return byKey(key) ?? refuse('This API key is not known.')
  if (!authorization)
    return refuse('Send an API key in the header "x-api-key", or "authorization: Bearer <access token>".')
  // RFC 9110 §11.1: the name of the scheme is case-insensitive.
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  return token ? byToken(token) : refuse('The header "authorization" must be "Bearer <access token>".')
}

function refuse(detail: string): never {
  throw new Refusal('unauthenticated', detail)
}
