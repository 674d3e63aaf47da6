import { JwtExpiredError, JwtInvalidIssuerError } from 'aws-jwt-verify/error'
import { type JwksCache, SimpleJwksCache } from 'aws-jwt-verify/jwk'
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

const KEYS_WITHIN_MS = 3000
/** How much the clocks of the issuer and of a function may differ. */
const SKEW_SECONDS = 60

/**
 * Returns the principal of an access token. Throws Refusal: `unauthenticated` for an invalid token, `forbidden` for
 * a user or a service without a role, `unavailable` when the issuer's keys cannot be read.
 *
 * Access tokens, not ID tokens: they are what OAuth means for an API, they carry scopes, and machines have no others.
 * Cognito puts no e-mail address into them, so the pool's user names *are* the addresses (serverless.yml).
 */
export function tokenIdentity(
  { issuer, clientId }: Settings,
  keys: JwksCache = issuerKeys(),
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

/** The keys of the issuer. They are read once, and again if a token names an unknown key, at most every 10 s. */
function issuerKeys(): JwksCache {
  return new SimpleJwksCache({ fetcher: { fetch: fetchKeys } })
}

async function fetchKeys(uri: string): Promise<ArrayBuffer> {
  try {
    const response = await fetch(uri, { signal: AbortSignal.timeout(KEYS_WITHIN_MS) })
    if (!response.ok) throw new Error(`${uri} answered ${response.status}`)
    return await response.arrayBuffer()
  } catch (cause) {
    const detail = 'The keys to check tokens with cannot be read at the moment; send the request again.'
    throw new Refusal('unavailable', detail, { retryAfterSeconds: 2, cause })
  }
}
