import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { fieldAt, readForm, readPayload, textOf } from './payload.ts'
import { type ContentPart, parseContent, type SignedScheme } from './scheme.ts'

/** A request as a sender's signature sees it: header names in lower case, the body as the bytes that were sent. */
export type WebhookRequest = {
  readonly method: string
  /** The public URL that the sender called, with its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** A URL is signed by HubSpot with just these escapes undone: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation */
const UNDONE_ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** The bytes that the sender signed, or why they cannot be put together. `timestamp` is the text that was sent. */
export function signedContent(
  { content, bodyDigestInQuery }: SignedScheme,
  request: WebhookRequest,
  timestamp: string | undefined,
): { bytes: Buffer } | { reason: string } {
  const digest = bodyDigestInQuery === undefined ? null : queryParameter(request.url, bodyDigestInQuery)
  const needsDigest = bodyDigestInQuery !== undefined && !/\{(?:form|body)\}/.test(content)
  if (digest === null ? needsDigest : digest !== sha256(request.body))
    // no secret: the signed URL holds it
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
      return textOf(fieldAt(readPayload(headers['content-type'], body), piece.from)) ?? null
  }
}

function missing(piece: ContentPart): string {
  if ('literal' in piece) return ''
  if (piece.part === 'header') return `The header "${piece.from}" is missing.`
  if (piece.part === 'field') return `The body has no field "${piece.from}".`
  return piece.part === 'form' ? 'The body is no form.' : `The request has no ${piece.part}.`
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
