import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { HttpRequest } from './http-message.ts'

/** Decompresses data. `bytesWritten` is how much of it was a part of the compressed data. */
type Decompress = (data: Uint8Array, options: ZlibOptions) => unknown

// RFC 9110 §8.4.1, https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
//   Content-Encoding = #content-coding      in the order in which they were applied; names are case-insensitive
const CODINGS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateEither],
  ['br', brotliDecompressSync],
])
/** The codings that a body may have, as `Accept-Encoding` of a response says it. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br'
/** Nobody compresses what is compressed; more would only be work for us. */
const MOST_CODINGS = 2

/**
 * Returns a request whose body has no content coding any more; the same request if it had none, or no body. A body is decoded no
 * further than the maximum size of a body. Throws Refusal `unsupported_encoding` for other
 * codings, `too_large`, and `malformed` for data that is damaged, cut off, or followed by other data.
 */
export function decodeBody<Request extends Pick<HttpRequest, 'headers' | 'body'>>(request: Request): Request {
  const { 'content-encoding': header, ...headers } = request.headers
  if (header === undefined || request.body.length === 0) return request
  const codings = header
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  const decoders = codings.map((coding) => CODINGS.get(coding) ?? refuseCoding(coding))
  if (decoders.length > MOST_CODINGS) return refuseCoding(codings.join(', '))
  return { ...request, headers, body: decoders.reduceRight(decompress, request.body) }
}

function decompress(data: Uint8Array, decoder: Decompress): Uint8Array {
  if (data.length > ACCEPT_LIMITS.bodyBytes) throw tooLarge()
  try {
    const { buffer, engine } = decoder(data, {
      maxOutputLength: ACCEPT_LIMITS.bodyBytes,
      info: true,
    }) as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
    if (engine.bytesWritten === data.length) return buffer
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw malformed(cause)
  }
  throw malformed()
}

/** `deflate` is data of zlib (RFC 1950); some senders leave out what zlib puts around it (RFC 1951). */
function inflateEither(data: Uint8Array, options: ZlibOptions): unknown {
  // RFC 1950 §2.2: the method 8 with a window of at most 32 KB, and a check of both bytes by 31.
  const [method = 0, flags = 0] = data
  const isZlib = (method & 0x8f) === 8 && (method * 256 + flags) % 31 === 0
  return isZlib ? inflateSync(data, options) : inflateRawSync(data, options)
}

function refuseCoding(coding: string): never {
  const detail = `The content coding ${JSON.stringify(coding.slice(0, 80))} is not supported: send the body as it is, or with one of ${ACCEPTED_CODINGS}.`
  throw new Refusal('unsupported_encoding', detail)
}

function tooLarge(): Refusal {
  return new Refusal('too_large', 'The body is larger than 1 MB (1,000,000 bytes), decompressed.')
}

function malformed(cause?: unknown): Refusal {
  const detail =
    'The body is not what its header "content-encoding" says: it is damaged, cut off, or followed by other data.'
  return new Refusal('malformed', detail, { cause })
}
