import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { isMultipart } from './multipart.ts'
import { fieldAt, payloadText, readForm, readPayload } from './payload.ts'
import { type ContentPart, parseContent, type SignedScheme } from './scheme.ts'
import type { WebhookRequest } from './webhook-request.ts'

/** HubSpot signs the URL with only these escapes decoded: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation */
const UNDONE_ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** What is signed beside the request: the text of the timestamp as it was sent, and the secret where that is no key. */
type Beside = { readonly timestamp: string | undefined; readonly secret?: string }

/** Returns the bytes that the sender signed, or the reason why they are incomplete. */
export function signedContent(
  { content, bodyDigestInQuery }: SignedScheme,
  request: WebhookRequest,
  beside: Beside,
): { bytes: Buffer } | { reason: string } {
  const digest = bodyDigestInQuery === undefined ? null : queryParameter(request.url, bodyDigestInQuery)
  const needsDigest = bodyDigestInQuery !== undefined && !/\{(?:form|body)\}/.test(content)
  if (digest === null ? needsDigest : digest !== sha256(request.body))
    // Needs no constant-time comparison: the digest is in the URL, not secret.
    return { reason: `The query parameter "${bodyDigestInQuery}" is not the SHA-256 of the body.` }
  const pieces: Uint8Array[] = []
  for (const piece of parseContent(content)) {
    const isCovered = digest !== null && 'part' in piece && piece.part === 'form'
    const value = isCovered ? '' : bytesOf(piece, request, beside)
    if (value === null) return { reason: missing(piece) }
    pieces.push(typeof value === 'string' ? Buffer.from(value) : value)
  }
  return { bytes: Buffer.concat(pieces) }
}

function bytesOf(
  piece: ContentPart,
  { method, url, headers, body }: WebhookRequest,
  { timestamp, secret }: Beside,
): string | Uint8Array | null {
  if ('literal' in piece) return piece.literal
  switch (piece.part) {
    case 'body':
      return body
    case 'body-sha256':
      return sha256(body)
    case 'body-crc32':
      return String(crc32(body))
    case 'timestamp':
      return timestamp ?? null
    case 'secret':
      return secret ?? null
    case 'lines':
      return linesOf(piece.from, readPayload(headers['content-type'], body))
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
      return fieldText(piece.from, headers['content-type'], body)
  }
}

/** A pointer that ends in `?` may name nothing, which is then signed as no text. */
function fieldText(from: string, mediaType: string | undefined, body: Uint8Array): string | null {
  const isOptional = from.endsWith('?')
  const text = payloadText(mediaType, body, isOptional ? from.slice(0, -1) : from)
  return text ?? (isOptional ? '' : null)
}

function missing(piece: ContentPart): string {
  if ('literal' in piece) return ''
  if (piece.part === 'header') return `The header "${piece.from}" is missing.`
  if (piece.part === 'field') return `The body has no field "${piece.from}".`
  if (piece.part === 'lines') return 'The body has not all the fields that are signed.'
  return piece.part === 'form' ? 'The body is not a form.' : `The request has no ${piece.part}.`
}

/** Names in byte order, each directly followed by its value; equal values of one name count once (Twilio). */
function formContent(mediaType: string | undefined, body: Uint8Array): string | null {
  if (body.length === 0) return ''
  if (isMultipart(mediaType)) return null // no sender signs one, and its files would not be signed
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

/** `A,B?`: the name and the text of members, each on a line of its own (SNS). Null if one without `?` is missing. */
function linesOf(names: string, payload: unknown): string | null {
  let lines = ''
  for (const each of names.split(',')) {
    const isOptional = each.endsWith('?')
    const name = isOptional ? each.slice(0, -1) : each
    const value = fieldAt(payload, `/${name}`)
    if (typeof value === 'string') lines += `${name}\n${value}\n`
    else if (!isOptional || (value !== undefined && value !== null)) return null
  }
  return lines
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
