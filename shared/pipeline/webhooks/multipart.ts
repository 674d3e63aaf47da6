import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { WEBHOOK_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { essenceOf } from '#shared/pipeline/cloudevents/media-type.ts'
import { type Parts, rememberParts } from './payload.ts'

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i
const REPLACEMENT = '\ufffd'

/** Whether a body is a form of several parts (RFC 7578), by its media type. */
export function isMultipart(mediaType: string | undefined): mediaType is string {
  return mediaType !== undefined && essenceOf(mediaType) === 'multipart/form-data'
}

/**
 * Parses a form of several parts with Node's own parser, so that what reads payloads finds its fields. A file is its name,
 * type, size and digest. Throws Refusal `too_large` for more parts than any provider sends.
 */
export async function readMultipart(mediaType: string | undefined, body: Uint8Array): Promise<void> {
  if (isMultipart(mediaType)) rememberParts(mediaType, body, await parseParts(mediaType, body))
}

async function parseParts(mediaType: string, body: Uint8Array): Promise<Parts | null> {
  const [, quoted, bare] = BOUNDARY.exec(mediaType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) return null
  assertFewParts(body, boundary)
  try {
    const headers = { 'content-type': mediaType }
    const form = await new Response(Buffer.from(body), { headers }).formData()
    const parts = await Promise.all([...form].map(readPart))
    return parts.every(([, value]) => typeof value !== 'string' || isSentText(value, body)) ? parts : null
  } catch {
    return null // not such a form, although its media type says so
  }
}

/** Counts before anything is made of the body, because it is read before its signature is known to be right. */
function assertFewParts(body: Uint8Array, boundary: string): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  let parts = 0
  for (let at = bytes.indexOf(`--${boundary}`); at >= 0; at = bytes.indexOf(`--${boundary}`, at + 1))
    if (++parts > WEBHOOK_LIMITS.formParts + 1)
      throw new Refusal('too_large', `A form has at most ${WEBHOOK_LIMITS.formParts} parts here.`)
}

async function readPart([name, value]: [string, string | File]): Promise<Parts[number]> {
  if (typeof value === 'string') return [name, value]
  const sha256 = createHash('sha256')
    .update(Buffer.from(await value.arrayBuffer()))
    .digest('hex')
  return [name, { filename: value.name, type: value.type, size: value.size, sha256 }]
}

/** The parser replaces bytes that are not UTF-8, and two different bodies would read the same. */
function isSentText(text: string, body: Uint8Array): boolean {
  return !text.includes(REPLACEMENT) || Buffer.from(body).includes(Buffer.from(text))
}
