import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { CloudEventError } from './codec-error.ts'
import { parseJson } from './json-format.ts'
import { isJsonMediaType, isTextMediaType, isUtf8MediaType } from './media-type.ts'

// CloudEvents JSON format 1.0.2 §3.1, applied to the body of a binary-mode message,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
//   JSON media type             <-> data, by value
//   text or XML that is UTF-8   <-> data, a string
//   all else, or no media type  <-> data_base64, byte by byte
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The payload as the event carries it: at most one of the two members. */
export type EventData = { readonly data?: unknown; readonly data_base64?: string }

/**
 * Turns the body of a binary-mode message into the event's payload; `null` is no payload, and so is an empty
 * body that declares JSON. Throws `CloudEventError` `malformed` if JSON was declared and is not there.
 */
export function decodeData(bytes: Uint8Array | null, mediaType: string | undefined): EventData {
  if (bytes === null) return {}
  if (mediaType === undefined) return { data_base64: toBase64(bytes) }
  if (isJsonMediaType(mediaType)) {
    if (bytes.length === 0) return {}
    requireUtf8(mediaType)
    return { data: parseJson(bytes, '/data') }
  }
  if (!isTextMediaType(mediaType) || !isUtf8MediaType(mediaType)) return { data_base64: toBase64(bytes) }
  try {
    return { data: TEXT.decode(bytes) }
  } catch {
    return { data_base64: toBase64(bytes) } // the bytes are not the text they say: keep them as they are
  }
}

/**
 * The body of a binary-mode message for an event, or `null` if it has no payload. Throws `CloudEventError`
 * `unsupported_media_type` for text that would have to be written in another charset than UTF-8.
 */
export function encodeData({ data, data_base64: base64, datacontenttype }: CloudEvent): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (data === undefined) return null
  if (datacontenttype !== undefined) requireUtf8(datacontenttype)
  if (datacontenttype === undefined || isJsonMediaType(datacontenttype))
    return Buffer.from(JSON.stringify(data))
  if (typeof data === 'string' && data.isWellFormed()) return Buffer.from(data)
  const detail = 'must be well-formed text to be sent in binary mode.'
  throw new CloudEventError('invalid_event', [{ pointer: '/data', detail }])
}

/** The media type that a binary-mode message must declare: data without one is JSON (JSON format §3.1.2). */
export function mediaTypeOf(event: CloudEvent): string | undefined {
  return event.datacontenttype ?? (event.data === undefined ? undefined : 'application/json')
}

function requireUtf8(mediaType: string): void {
  if (isUtf8MediaType(mediaType)) return
  const detail = 'has a charset that is not supported: use UTF-8, or data_base64 in the JSON format.'
  throw new CloudEventError('unsupported_media_type', [{ pointer: '/datacontenttype', detail }])
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
