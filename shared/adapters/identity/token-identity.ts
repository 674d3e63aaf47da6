import { JwtExpiredError, JwtInvalidIssuerError } from 'aws-jwt-verify/error'
import type { JwksCache } from 'aws-jwt-verify/jwk'
import { JwtVerifier } from 'aws-jwt-verify/jwt-verifier'
import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { principalOfClaims } from './token-claims.ts'

type Settings = {
  /** The `iss` of the tokens; their keys are at `<issuer>/.well-known/jwks.json`. */
  readonly issuer: string
  /** The app client that tokens of people are issued to. */
  readonly clientId: string
}

/** How much the clocks of the issuer and of a function may differ. */
const SKEW_SECONDS = 60

/**
 * Returns the principal of an access token. Throws Refusal: `unauthenticated` for an invalid token, `forbidden` for
 * a user or a service without a role, and what `keys` throws.
 *
 * Access tokens, not ID tokens: they are what OAuth means for an API, they carry scopes, and machines have no others.
 * Cognito puts no e-mail address into them, so the pool's user names *are* the addresses (serverless.yml).
 */
export function tokenIdentity(
  { issuer, clientId }: Settings,
  keys: JwksCache,
): (token: string) => Promise<Principal> {
  const jwksUri = `${issuer}/.well-known/jwks.json`
  // Access tokens of Cognito have no audience: their client is in `client_id`.
  const verifier = JwtVerifier.create(
    { issuer, jwksUri, audience: null, graceSeconds: SKEW_SECONDS },
    { jwksCache: keys },
  )
  return async (token) => {
    const claims = await verifier.verify(token).catch((cause: unknown) => refuse(cause))
    return principalOfClaims(claims, { clientId })
  }
}

function refuse(cause: unknown): never {
  if (cause instanceof Refusal) throw cause
  if (cause instanceof JwtExpiredError)
    throw new Refusal('unauthenticated', 'The token has expired; sign in again or refresh it.', { cause })
  if (cause instanceof JwtInvalidIssuerError)
    throw new Refusal('unauthenticated', 'This token was issued elsewhere.', { cause })
  throw new Refusal('unauthenticated', 'This token is not valid.', { cause })
}
