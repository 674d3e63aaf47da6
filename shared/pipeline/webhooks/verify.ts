import { Buffer } from 'node:buffer'
import { createHmac, type KeyObject, timingSafeEqual, verify as verifyWithKey } from 'node:crypto'
import { parseTimestamp } from '#shared/core/time.ts'
import { certificateKey, type KnownKeys } from './keys/certificate.ts'
import { decodeBase64, decodeHex } from './keys/encodings.ts'
import { publicKeyFor } from './keys/public-key.ts'
import { ed25519Key, hmacKey } from './keys/secret-key.ts'
import { fieldAt, payloadText, readPayload } from './payload.ts'
import type { Need, Refused } from './refused.ts'
import type { Scheme, SignedScheme, Timestamp } from './scheme.ts'

import { refuseToken } from './shared-token.ts'
import { signedContent } from './signed-content.ts'
import { refuseJwt } from './verify-token.ts'
import type { WebhookRequest } from './webhook-request.ts'

type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly reason: string
      /** A header came several times that comes once. */
      readonly isRepeated?: boolean
      readonly needs?: readonly Need[]
    }

type Verification = WebhookRequest & {
  /** The ways in which this sender signs; one valid signature is enough. */
  readonly schemes: readonly Scheme[]
  /** All are tried, so that a secret can be rotated. An empty one never matches. */
  readonly secrets: readonly string[]
  /** What senders publish that this request may be signed with. */
  readonly known?: KnownKeys | undefined
  readonly now: Date
}

const NO_MATCH = 'No configured secret matches the signature.'
const NOTHING_KNOWN: KnownKeys = new Map()

/**
 * Verifies that a request was signed with one of the secrets, recently, over the raw bytes of its body. Signatures are
 * compared in constant time, and all secrets are tried even after a match. The reason names what is missing or
 * invalid; it never contains the expected value.
 */
export function verifyWebhook({ schemes, secrets, known, now, ...request }: Verification): Verdict {
  const usable = secrets.filter((secret) => secret !== '')
  if (usable.length === 0) return { ok: false, reason: 'No secret is configured.' }
  const refusals: Refused[] = []
  for (const scheme of schemes) {
    const refused = refuse(scheme, usable, request, { known: known ?? NOTHING_KNOWN, now })
    if (refused === null) return { ok: true }
    refusals.push(refused)
  }
  const repeated = refusals.find(({ isRepeated }) => isRepeated)
  if (repeated) return { ok: false, reason: repeated.reason, isRepeated: true }
  const needs = refusals.map(({ need }) => need).filter((need) => need !== undefined)
  const present = refusals.filter(({ isMissing }) => !isMissing)
  const telling = present.find(({ reason }) => reason !== NO_MATCH) ?? present[0]
  if (telling) return { ok: false, reason: telling.reason, ...(needs.length > 0 && { needs }) }
  const reasons = [...new Set(refusals.map(({ reason }) => reason))]
  return { ok: false, reason: reasons.join(' ') || NO_MATCH }
}

/** API Gateway joins headers with one name by a comma, which no signature, time or token has. */
function refusedAsRepeated(header: string): Refused {
  return {
    reason: `The header "${header}" came several times: send it once.`,
    isMissing: false,
    isRepeated: true,
  }
}

type Beside = { readonly known: KnownKeys; readonly now: Date }

function refuse(
  scheme: Scheme,
  secrets: readonly string[],
  request: WebhookRequest,
  beside: Beside,
): Refused | null {
  if (scheme.algorithm === 'token') return refuseToken(scheme, secrets, request)
  if (scheme.algorithm === 'basic') {
    const credentials = secrets.map((secret) => Buffer.from(secret).toString('base64'))
    return refuseToken({ header: 'authorization', prefix: 'Basic ' }, credentials, request)
  }
  if (scheme.algorithm === 'jwt') {
    return refuseJwt({
      scheme,
      secrets,
      request,
      published: beside.known.get(scheme.keys ?? ''),
      now: beside.now,
    })
  }
  return refuseSigned(scheme, secrets, request, beside)
}

function refuseSigned(
  scheme: SignedScheme,
  secrets: readonly string[],
  request: WebhookRequest,
  beside: Beside,
): Refused | null {
  const refused = (reason: string) => ({ reason, isMissing: false })
  const other = unfitField(scheme, request)
  if (other !== null) return { reason: other, isMissing: true }
  const found = readSignatures(scheme, request)
  if ('reason' in found) return found
  const time = scheme.timestamp
    ? checkTimestamp(scheme.timestamp, request, found.pairs, beside.now)
    : { text: undefined }
  if ('reason' in time)
    return time.header === undefined ? refused(time.reason) : refusedAsRepeated(time.header)
  const signatures = found.texts.map(scheme.encoding === 'hex' ? decodeHex : decodeBase64)
  if (scheme.certificate !== undefined) {
    const receivers = secrets.filter((secret) => isFor(scheme, request, secret))
    if (receivers.length === 0) return refused('The delivery is for another receiver.')
    const certified = certificateKey(scheme, request, beside)
    if ('reason' in certified) return certified
    const contents = receivers.map((secret) =>
      signedContent(scheme, request, { timestamp: time.text, secret }),
    )
    const isSigned = contents.some(
      (content) => 'bytes' in content && isSignedWith(scheme, certified.key, content.bytes, signatures),
    )
    const incomplete = contents.find((content) => 'reason' in content)
    return isSigned ? null : refused(incomplete?.reason ?? NO_MATCH)
  }
  const content = signedContent(scheme, request, { timestamp: time.text })
  if ('reason' in content) return refused(content.reason)
  const matches = scheme.algorithm.startsWith('hmac-') ? matchesHmac : matchesPublicKey
  return matches(scheme, secrets, content.bytes, signatures) ? null : refused(NO_MATCH)
}

/** Returns what the body does not have that a scheme is used for, or null. */
function unfitField({ when = {} }: SignedScheme, { headers, body }: WebhookRequest): string | null {
  const wanted = Object.entries(when)
  if (wanted.length === 0) return null
  const payload = readPayload(headers['content-type'], body)
  const unfit = wanted.find(([pointer, value]) => fieldAt(payload, pointer) !== value)
  if (unfit === undefined) return null
  const isThere = fieldAt(payload, unfit[0]) !== undefined
  return `The field "${unfit[0]}" of the body is ${isThere ? 'of another scheme' : 'missing'}.`
}

/** Whether a delivery names the secret as its receiver, where a scheme has receivers. */
function isFor({ recipient }: SignedScheme, { headers, body }: WebhookRequest, secret: string) {
  return recipient === undefined || payloadText(headers['content-type'], body, recipient) === secret
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

const matchesPublicKey: Match = (scheme, secrets, content, signatures) =>
  secrets
    .map((secret) => readPublicKey(scheme, secret))
    .filter((key): key is KeyObject => key !== null)
    .some((key) => isSignedWith(scheme, key, content, signatures))

/** Returns the public key in a secret, or null if it is not one that a scheme verifies with. */
export function readPublicKey({ algorithm, key: form }: SignedScheme, secret: string): KeyObject | null {
  return algorithm === 'ed25519'
    ? ed25519Key(secret, { marked: form === 'standard' })
    : publicKeyFor(algorithm, secret)
}

const HASHES = {
  ed25519: null,
  'ecdsa-sha256': 'sha256',
  'rsa-sha1': 'sha1',
  'rsa-sha256': 'sha256',
} as const

/** Signatures of ECDSA are in DER, those of RSA in the padding of PKCS #1 v1.5. */
function isSignedWith(
  { algorithm }: SignedScheme,
  key: KeyObject,
  content: Buffer,
  signatures: readonly (Buffer | null)[],
): boolean {
  const hash = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm as keyof typeof HASHES] : undefined
  if (hash === undefined) return false
  return signatures.some((given) => given !== null && verifyWithKey(hash, content, key, given))
}

/** Longer than the signature header of any provider. A longer one is refused unread. */
const MAX_LENGTH = 4096
/** Senders that rotate secrets sign two or three times. Each signature costs one comparison per secret. */
const MAX_SIGNATURES = 16

type Signatures =
  /** The candidate signatures, and the pairs around them. */
  { readonly texts: readonly string[]; readonly pairs: ReadonlyMap<string, readonly string[]> } | Refused

/** Returns the signatures of a request, from the place and in the layout that a scheme names. */
function readSignatures({ signature }: SignedScheme, request: WebhookRequest): Signatures {
  const { header, field, prefix = '', pairs, items } = signature
  const where = header === undefined ? `field "${field}" of the body` : `header "${header}"`
  const text = header === undefined ? fieldOf(request, field ?? '') : request.headers[header]
  if (!text) return { reason: `The ${where} is missing.`, isMissing: true }
  if (text.length > MAX_LENGTH) return { reason: `The ${where} is too long.`, isMissing: false }
  const byKey = pairs ? readPairs(text, pairs.separator) : new Map<string, string[]>()
  const entries = pairs ? (byKey.get(pairs.key) ?? []) : items ? text.split(items.separator) : [text]
  const texts = entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length))
  if (texts.length === 0) return { reason: `The ${where} has no signature of this scheme.`, isMissing: true }
  if (header !== undefined && texts.some((one) => one.includes(','))) return refusedAsRepeated(header)
  if (texts.length > MAX_SIGNATURES)
    return { reason: `The ${where} has too many signatures.`, isMissing: false }
  return { texts, pairs: byKey }
}

function fieldOf({ headers, body }: WebhookRequest, pointer: string): string | undefined {
  return payloadText(headers['content-type'], body, pointer)
}

function readPairs(text: string, separator: string): Map<string, string[]> {
  const byKey = new Map<string, string[]>()
  for (const pair of text.split(separator)) {
    const at = pair.indexOf('=')
    if (at < 0) continue
    const key = pair.slice(0, at)
    const values = byKey.get(key)
    if (values) values.push(pair.slice(at + 1))
    else byKey.set(key, [pair.slice(at + 1)])
  }
  return byKey
}

const DEFAULT_TOLERANCE = 300
const DIGITS = /^[0-9]{1,15}$/

/** Returns the text of the timestamp (undefined if it is optional and missing), or the reason why the request is not recent. */
function checkTimestamp(
  { header, field, pair = '', unit, tolerance = DEFAULT_TOLERANCE, optional }: Timestamp,
  { headers, body }: WebhookRequest,
  pairs: ReadonlyMap<string, readonly string[]>,
  now: Date,
): { text: string | undefined } | { reason: string; header?: string } {
  const texts = pairs.get(pair) ?? []
  if (header === undefined && field === undefined && texts.length > 1)
    return { reason: 'The signature names its time twice.' }
  const text =
    header !== undefined
      ? headers[header]
      : field !== undefined
        ? payloadText(headers['content-type'], body, field)
        : texts[0]
  const name = header
    ? `header "${header}"`
    : field
      ? `field "${field}" of the body`
      : `"${pair}" of the signature`
  if (!text) return optional ? { text: undefined } : { reason: `The ${name} is missing.` }
  if (header !== undefined && text.includes(',')) return { reason: `The ${name} came several times.`, header }
  const signedAt = parseTime(text, unit)
  if (signedAt === null) return { reason: `The ${name} is not a time in the format of this scheme.` }
  const seconds = Math.abs(now.getTime() - signedAt) / 1000
  if (!(seconds <= tolerance))
    return { reason: `The ${name} is more than ${tolerance} seconds away from the time here.` }
  return { text }
}

function parseTime(text: string, unit: Timestamp['unit']): number | null {
  if (unit === 'iso') return parseTimestamp(text)
  if (!DIGITS.test(text)) return null
  return unit === 's' ? Number(text) * 1000 : Number(text)
}
