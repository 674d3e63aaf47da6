import { Buffer } from 'node:buffer'
import { createHash, createHmac, type KeyObject, timingSafeEqual, verify as verifyEd25519 } from 'node:crypto'
import { checkTimestamp } from './check-timestamp.ts'
import { readSignatures } from './read-signatures.ts'
import type { Scheme, SignedScheme } from './scheme.ts'
import { decodeBase64, decodeHex, ed25519Key, hmacKey, isPublicKey } from './secret-key.ts'
import { signedContent, type WebhookRequest } from './signed-content.ts'

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export type Verification = WebhookRequest & {
  /** The ways in which this sender signs; one that holds is enough. */
  readonly schemes: readonly Scheme[]
  /** Every one is tried, so that a secret can be rotated. An empty one never matches. */
  readonly secrets: readonly string[]
  readonly now: Date
}

const NO_MATCH = 'No configured secret matches the signature.'

/**
 * Whether a request was signed with one of the secrets, recently, over the raw bytes of its body. Signatures are
 * compared in constant time, and all secrets are tried whichever matches. The reason names what is missing or does
 * not hold; it never says what would have been right.
 */
export function verifyWebhook({ schemes, secrets, now, ...request }: Verification): Verdict {
  const usable = secrets.filter((secret) => secret !== '')
  if (usable.length === 0) return { ok: false, reason: 'No secret is configured.' }
  const refusals: Refused[] = []
  for (const scheme of schemes) {
    const refused = refuse(scheme, usable, request, now)
    if (refused === null) return { ok: true }
    refusals.push(refused)
  }
  const present = refusals.filter(({ isMissing }) => !isMissing)
  const telling = present.find(({ reason }) => reason !== NO_MATCH) ?? present[0]
  if (telling) return { ok: false, reason: telling.reason }
  const reasons = [...new Set(refusals.map(({ reason }) => reason))]
  return { ok: false, reason: reasons.join(' ') || NO_MATCH }
}

/** Why one scheme does not hold; `isMissing` when the request does not use it at all. */
type Refused = { readonly reason: string; readonly isMissing: boolean }

function refuse(
  scheme: Scheme,
  secrets: readonly string[],
  request: WebhookRequest,
  now: Date,
): Refused | null {
  if (scheme.algorithm === 'token') return refuseToken(scheme.header, scheme.prefix ?? '', secrets, request)
  if (scheme.algorithm === 'basic') {
    const credentials = secrets.map((secret) => Buffer.from(secret).toString('base64'))
    return refuseToken('authorization', 'Basic ', credentials, request)
  }
  const found = readSignatures(scheme, request)
  if ('reason' in found) return found
  const time = scheme.timestamp
    ? checkTimestamp(scheme.timestamp, request, found.pairs, now)
    : { text: undefined }
  if ('reason' in time) return { reason: time.reason, isMissing: false }
  const content = signedContent(scheme, request, time.text)
  if ('reason' in content) return { reason: content.reason, isMissing: false }
  const signatures = found.texts.map(scheme.encoding === 'hex' ? decodeHex : decodeBase64)
  const matches = scheme.algorithm === 'ed25519' ? matchesEd25519 : matchesHmac
  return matches(scheme, secrets, content.bytes, signatures) ? null : { reason: NO_MATCH, isMissing: false }
}

type Match = (
  scheme: SignedScheme,
  secrets: readonly string[],
  content: Buffer,
  signatures: readonly (Buffer | null)[],
) => boolean

const matchesHmac: Match = ({ algorithm, key: form }, secrets, content, signatures) => {
  let isMatch = false
  for (const secret of secrets) {
    const key = hmacKey(secret, form)
    if (key === null) continue
    const expected = createHmac(algorithm.slice('hmac-'.length), key).update(content).digest()
    for (const given of signatures)
      if (given?.length === expected.length && timingSafeEqual(given, expected)) isMatch = true
  }
  return isMatch
}

const matchesEd25519: Match = ({ key: form }, secrets, content, signatures) => {
  const keys = secrets.map((secret) => ed25519Key(secret, { marked: form === 'standard' }))
  return keys
    .filter((key): key is KeyObject => key !== null)
    .some((key) =>
      signatures.some((given) => given?.length === 64 && verifyEd25519(null, content, key, given)),
    )
}

function refuseToken(
  header: string,
  prefix: string,
  secrets: readonly string[],
  { headers }: WebhookRequest,
): Refused | null {
  const text = headers[header]
  if (!text) return { reason: `The header "${header}" is missing.`, isMissing: true }
  const given = digest(text)
  let isMatch = false
  const tokens = secrets.filter((secret) => !isPublicKey(secret))
  // The digests have one length whatever the secrets' lengths are, so that the comparison tells nothing about them.
  for (const secret of tokens) if (timingSafeEqual(digest(prefix + secret), given)) isMatch = true
  return isMatch ? null : { reason: 'No configured secret matches.', isMissing: false }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
