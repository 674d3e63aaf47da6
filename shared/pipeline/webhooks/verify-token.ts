import { Buffer } from 'node:buffer'
import {
  createHash,
  createHmac,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto'
import type { SenderKey } from '#shared/pipeline/sender-key-store.ts'
import { isKeyFor, publicKeyFor } from './keys/public-key.ts'
import { hmacKey } from './keys/secret-key.ts'
import type { Refused } from './refused.ts'
import type { JwtScheme } from './scheme.ts'
import type { WebhookRequest } from './webhook-request.ts'

// JSON Web Tokens of one algorithm, which the scheme names and not the token: `none`, and HS256 with a public key as the
// secret, are only another algorithm (RFC 8725 §3.1, https://www.rfc-editor.org/rfc/rfc8725#section-3.1).

/** Longer than any token that a sender sends. A longer one is refused unread. */
const MAX_LENGTH = 8192
/** How much the clocks of a sender and of a function may differ, in seconds. */
const SKEW = 60
const DEFAULT_TOLERANCE = 300
/** A copy that is older says nothing of what the sender has withdrawn since. */
const OLDEST_COPY_MS = 24 * 3_600_000
/** A key that a copy of this age does not have is none of the sender. */
const RECENT_COPY_MS = 120_000
const BASE64URL = /^[A-Za-z0-9_-]+$/
const NO_MATCH = 'No configured secret matches the token.'

type Claims = Readonly<Record<string, unknown>>
type Token = {
  readonly header: Claims
  readonly claims: Claims
  readonly input: Buffer
  readonly signature: Buffer
}
/** Returns the token of a request, not verified yet; or why it has none of this scheme. */
function readToken({ header, prefix = '', signing }: JwtScheme, request: WebhookRequest) {
  const refused = (reason: string, isMissing = false): Refused => ({ reason, isMissing })
  const text = request.headers[header]
  if (!text) return refused(`The header "${header}" is missing.`, true)
  if (text.length > MAX_LENGTH) return refused(`The header "${header}" is too long.`)
  if (text.includes(','))
    return { ...refused(`The header "${header}" came several times: send it once.`), isRepeated: true }
  if (!text.toLowerCase().startsWith(prefix.toLowerCase()))
    return refused(`The header "${header}" has no token of this scheme.`, true)
  const token = decodeToken(text.slice(prefix.length).trim())
  if (token === null) return refused(`The header "${header}" is no JSON Web Token.`)
  if (token.header.alg !== signing || token.header.crit !== undefined)
    return refused(`The token is not one that is signed with ${signing}.`)
  return token
}

function decodeToken(text: string): Token | null {
  const parts = text.split('.')
  const [header, claims, signature] = parts.map((part) =>
    BASE64URL.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part
      ? Buffer.from(part, 'base64url')
      : null,
  )
  if (parts.length !== 3 || !header || !claims || !signature) return null
  const [first, second] = [readObject(header.toString()), readObject(claims.toString())]
  if (first === null || second === null) return null
  return { header: first, claims: second, input: Buffer.from(parts.slice(0, 2).join('.')), signature }
}

function readObject(text: string): Claims | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null
  } catch {
    return null // no JSON, so no token and no key
  }
}

type Given = {
  readonly scheme: JwtScheme
  readonly secrets: readonly string[]
  readonly request: WebhookRequest
  /** What is at the address `keys` of the scheme. */
  readonly published: SenderKey | undefined
  readonly now: Date
}

/** Verifies the token of a request. Returns null if it is right. */
export function refuseJwt({ published, ...given }: Given): Refused | null {
  const { scheme, secrets, request, now } = given
  const token = readToken(scheme, request)
  if ('reason' in token) return token
  const refused = (reason: string) => ({ reason, isMissing: false })
  // The claims come first: only who knows what the secret says can ask for a newer copy of the keys.
  const problem = claimsProblem(given, token.claims)
  if (problem !== null) return refused(problem)
  const { keys: address, signing } = scheme
  const isSigned = (text: string) => isSignedWith(text, signing, token)
  if (address === undefined) return secrets.some(isSigned) ? null : refused(NO_MATCH)
  const after = (ms: number) => ({ address, copiedAfter: now.getTime() - ms })
  if (published === undefined || published.copied <= now.getTime() - OLDEST_COPY_MS)
    return { ...refused('The keys of the token are not known here.'), need: after(OLDEST_COPY_MS) }
  if (isSigned(published.text)) return null
  const isRecent = published.copied > now.getTime() - RECENT_COPY_MS
  const isKnown = tokenKeys(published.text, signing).some(({ kid }) => kid === token.header.kid)
  return { ...refused(NO_MATCH), ...(!isRecent && !isKnown && { need: after(RECENT_COPY_MS) }) }
}

function isSignedWith(text: string, signing: JwtScheme['signing'], { header, input, signature }: Token) {
  if (signing === 'HS256') {
    const key = readObject(text) === null ? hmacKey(text, 'utf8') : null
    if (key === null) return false
    const expected = createHmac('sha256', key).update(input).digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  }
  return tokenKeys(text, signing)
    .filter(({ kid }) => kid === undefined || kid === header.kid)
    .some(({ key }) => verifySignature('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature))
}

type TokenKey = { readonly kid: string | undefined; readonly key: KeyObject }

/**
 * Returns the keys in a text that tokens of an algorithm are verified with: a JSON Web Key, a set of them, the answer of
 * Plaid's API with one in it (https://plaid.com/docs/api/webhooks/webhook-verification/), or a public key as PEM.
 */
function tokenKeys(text: string, signing: JwtScheme['signing']): readonly TokenKey[] {
  const algorithm = signing === 'ES256' ? 'ecdsa-sha256' : 'rsa-sha256'
  const object = readObject(text)
  if (object === null) {
    const key = publicKeyFor(algorithm, text)
    return key === null ? [] : [{ kid: undefined, key }]
  }
  const jwks = Array.isArray(object.keys) ? object.keys : [object.key ?? object]
  return jwks.flatMap((jwk: JsonWebKey): readonly TokenKey[] => {
    const isOther = (jwk.alg ?? signing) !== signing || (jwk.use ?? 'sig') !== 'sig'
    // A private key is not for others to have; one that was written down here by mistake must not be used.
    const key = isOther || jwk.d !== undefined ? null : readJwk(jwk)
    if (key === null || !isKeyFor(algorithm, key)) return []
    return [{ kid: typeof jwk.kid === 'string' ? jwk.kid : undefined, key }]
  })
}

function readJwk(jwk: JsonWebKey): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return null // of a kind that is not known here; a set may have such keys beside others
  }
}

/** What the claims of a token must be; of several secrets one must fit. Returns why they are not, or null. */
function claimsProblem(
  { scheme, secrets, request, now }: Omit<Given, 'published'>,
  claims: Claims,
): string | null {
  const time = timeProblem(scheme, claims, now.getTime() / 1000)
  if (time !== null) return time
  if (scheme.issuers !== undefined && !scheme.issuers.includes(String(claims.iss)))
    return 'The token is of another issuer.'
  const isFor = (secret: string) => saysWhatIsWanted(wantedClaims(scheme, secret, request), claims)
  if (scheme.keys !== undefined && !secrets.some(isFor))
    return 'The token is for another receiver, or from somebody else than the secret says.'
  if (scheme.bodyDigest === undefined) return null
  const digest = createHash('sha256').update(request.body).digest('hex')
  return claims[scheme.bodyDigest] === digest ? null : 'The token is for another body.'
}

function timeProblem({ tolerance }: JwtScheme, { exp, nbf, iat }: Claims, now: number): string | null {
  if (exp !== undefined && !(typeof exp === 'number' && now < exp + SKEW)) return 'The token has expired.'
  if (nbf !== undefined && !(typeof nbf === 'number' && now > nbf - SKEW))
    return 'The token is not valid yet.'
  if (typeof iat === 'number' && iat > now + SKEW) return 'The token was issued in the future.'
  const limit = tolerance ?? (exp === undefined ? DEFAULT_TOLERANCE : undefined)
  if (limit === undefined || (typeof iat === 'number' && now - iat <= limit)) return null
  return `The token was not issued within ${limit} seconds of the time here.`
}

/** Returns the claims that a secret requires: those of its JSON, or itself as `secretClaim`. `aud` is by default the URL. */
function wantedClaims({ secretClaim = '' }: JwtScheme, secret: string, { url }: WebhookRequest): Claims {
  return { aud: url, ...(readObject(secret) ?? { [secretClaim]: secret }) }
}

function saysWhatIsWanted(wanted: Claims, claims: Claims): boolean {
  // Google says of an address whether it is verified, and an address that is not may be anybody's.
  if (wanted.email !== undefined && claims.email_verified !== true) return false
  return Object.entries(wanted).every(([name, value]) => {
    const said = claims[name]
    return name === 'aud' && Array.isArray(said) ? said.includes(value) : said === value
  })
}

/** Whether a secret has the form that a scheme needs. */
export function isTokenSecret(scheme: JwtScheme, secret: string): boolean {
  if (scheme.keys !== undefined) {
    const claims = readObject(secret)
    return claims === null ? !secret.trim().startsWith('{') : claims[scheme.secretClaim ?? ''] !== undefined
  }
  if (scheme.signing !== 'HS256') return tokenKeys(secret, scheme.signing).length > 0
  return readObject(secret) === null && hmacKey(secret, 'utf8') !== null
}
