import { Buffer } from 'node:buffer'
import { createHash, createHmac, type KeyObject, timingSafeEqual, verify as verifyEd25519 } from 'node:crypto'
import { parseTimestamp } from '#shared/core/time.ts'
import { payloadText, readForm } from './payload.ts'
import { type ContentPart, parseContent, type Scheme, type SignedScheme, type Timestamp } from './provider.ts'
import { decodeBase64, decodeHex, ed25519Key, hmacKey, isPublicKey } from './secret-key.ts'

type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string }

type Verification = WebhookRequest & {
  /** The ways in which this sender signs; one valid signature is enough. */
  readonly schemes: readonly Scheme[]
  /** All are tried, so that a secret can be rotated. An empty one never matches. */
  readonly secrets: readonly string[]
  readonly now: Date
}

const NO_MATCH = 'No configured secret matches the signature.'

/**
 * Verifies that a request was signed with one of the secrets, recently, over the raw bytes of its body. Signatures are
 * compared in constant time, and all secrets are tried even after a match. The reason names what is missing or
 * invalid; it never contains the expected value.
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

/** Why one scheme refuses the request; `isMissing` if the request does not use that scheme at all. */
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
  // All digests have the same length, so that the comparison reveals nothing about the lengths of the secrets.
  for (const secret of tokens) if (timingSafeEqual(digest(prefix + secret), given)) isMatch = true
  return isMatch ? null : { reason: 'No configured secret matches.', isMissing: false }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Longer than the signature header of any provider. A longer one is refused unread. */
const MAX_LENGTH = 4096
/** Senders that rotate secrets sign two or three times. Each signature costs one comparison per secret. */
const MAX_SIGNATURES = 16

type Signatures =
  /** The candidate signatures, and the pairs around them. */
  | { readonly texts: readonly string[]; readonly pairs: ReadonlyMap<string, readonly string[]> }
  | { readonly reason: string; readonly isMissing: boolean }

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
): { text: string | undefined } | { reason: string } {
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

/** A request as a sender's signature sees it: header names in lower case, the body as the bytes that were sent. */
export type WebhookRequest = {
  readonly method: string
  /** The public URL that the sender called, with its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** HubSpot signs the URL with only these escapes decoded: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation */
const UNDONE_ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** Returns the bytes that the sender signed, or the reason why they are incomplete. `timestamp` is the text that was sent. */
function signedContent(
  { content, bodyDigestInQuery }: SignedScheme,
  request: WebhookRequest,
  timestamp: string | undefined,
): { bytes: Buffer } | { reason: string } {
  const digest = bodyDigestInQuery === undefined ? null : queryParameter(request.url, bodyDigestInQuery)
  const needsDigest = bodyDigestInQuery !== undefined && !/\{(?:form|body)\}/.test(content)
  if (digest === null ? needsDigest : digest !== sha256(request.body))
    // Needs no constant-time comparison: the digest is in the URL, not secret.
    return { reason: `The query parameter "${bodyDigestInQuery}" is not the SHA-256 of the body.` }
  const pieces: Uint8Array[] = []
  for (const piece of parseContent(content)) {
    const isCovered = digest !== null && 'part' in piece && piece.part === 'form'
    const value = isCovered ? '' : bytesOf(piece, request, timestamp)
    if (value === null) return { reason: missing(piece) }
    pieces.push(typeof value === 'string' ? Buffer.from(value) : value)
  }
  return { bytes: Buffer.concat(pieces) }
}

function bytesOf(
  piece: ContentPart,
  { method, url, headers, body }: WebhookRequest,
  timestamp: string | undefined,
): string | Uint8Array | null {
  if ('literal' in piece) return piece.literal
  switch (piece.part) {
    case 'body':
      return body
    case 'body-sha256':
      return sha256(body)
    case 'timestamp':
      return timestamp ?? null
    case 'url':
      return url
    case 'url-decoded':
      return url.replaceAll(UNDONE_ESCAPES, decodeURIComponent)
    case 'method':
      return method
    case 'form':
      return formContent(headers['content-type'], body)
    case 'header':
      return headers[piece.from] || null
    default:
      return payloadText(headers['content-type'], body, piece.from) ?? null
  }
}

function missing(piece: ContentPart): string {
  if ('literal' in piece) return ''
  if (piece.part === 'header') return `The header "${piece.from}" is missing.`
  if (piece.part === 'field') return `The body has no field "${piece.from}".`
  return piece.part === 'form' ? 'The body is not a form.' : `The request has no ${piece.part}.`
}

/** Names in byte order, each directly followed by its value; equal values of one name count once (Twilio). */
function formContent(mediaType: string | undefined, body: Uint8Array): string | null {
  if (body.length === 0) return ''
  const fields = readForm(mediaType, body)
  if (fields === null) return null
  const byName = new Map<string, Set<string>>()
  for (const [name, value] of fields) byName.set(name, (byName.get(name) ?? new Set()).add(value))
  const names = [...byName.keys()].sort()
  return names.flatMap((name) => [...(byName.get(name) ?? [])].sort().map((value) => name + value)).join('')
}

function queryParameter(url: string, name: string): string | null {
  const start = url.indexOf('?')
  return start < 0 ? null : new URLSearchParams(url.slice(start + 1)).get(name)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
