import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { CloudEventError, type CloudEventErrorCode } from './codec-error.ts'
import { parseJson } from './json-format.ts'
import { isJsonMediaType, isTextMediaType, isUtf8MediaType } from './media-type.ts'
import {
  type CompleteEvent,
  completeDraft,
  type EventDraft,
  faultInName,
  findFaults,
  pointerTo,
  validateEvent,
} from './validate-event.ts'

/** The attributes of a binary-mode message as they are read from its headers, one by one. */
type BinaryEvent = {
  readonly draft: EventDraft & { datacontenttype?: string }
  readonly faults: Fault[]
}

/** Starts to read a binary-mode message. */
export const startBinaryEvent = (): BinaryEvent => ({ draft: {}, faults: [] })

/**
 * Adds the attribute of one header; `text` is `undefined` if the header could not be decoded. Values stay
 * strings, since a header does not tell `"5"` from `5`: the specification lets an attribute be presented so.
 */
export function addAttribute({ draft, faults }: BinaryEvent, name: string, text: string | undefined): void {
  const detail = RESERVED.get(name) ?? faultInName(name) ?? (text === undefined ? UNDECODABLE : undefined)
  if (detail !== undefined) faults.push({ pointer: pointerTo(name), detail })
  else draft[name] = text
}

/** Puts attributes and body together as a valid event, or throws `CloudEventError` with every fault. */
export function finishBinaryEvent(
  { draft, faults }: BinaryEvent,
  body: Uint8Array | null,
  complete?: CompleteEvent,
): CloudEvent {
  let code: CloudEventErrorCode = 'malformed'
  try {
    Object.assign(draft, decodeData(body, draft.datacontenttype))
  } catch (error) {
    if (!(error instanceof CloudEventError)) throw error
    code = error.code
    faults.push(...error.errors)
  }
  if (faults.length === 0) return validateEvent(draft, complete)
  const told = new Set(faults.map(({ pointer }) => pointer))
  const others = findFaults(completeDraft(draft, complete))
  throw new CloudEventError(code, [...faults, ...others.filter(({ pointer }) => !told.has(pointer))])
}

/** Visits each attribute that becomes a header, with its canonical text. The media type and data are not. */
export function forEachAttribute(event: CloudEvent, visit: (name: string, text: string) => void): void {
  for (const name of Object.keys(event)) {
    const value = event[name]
    if (value === undefined || name === 'datacontenttype' || name === 'data' || name === 'data_base64')
      continue
    visit(name, String(value))
  }
}

const UNDECODABLE = 'is not decodable: send UTF-8, and in HTTP escape all but printable ASCII as %XY.'

const RESERVED: ReadonlyMap<string, string> = new Map([
  ['data', 'must not be a header: the body is the data.'],
  ['data_base64', 'must not be a header: the body is the data.'],
  ['datacontenttype', 'must not be a header of its own: use content-type.'],
])

// CloudEvents JSON format 1.0.2 §3.1, applied to the body of a binary-mode message,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
//   JSON media type             <-> data, by value
//   text or XML that is UTF-8   <-> data, a string
//   all else, or no media type  <-> data_base64, byte by byte
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The payload as the event carries it: at most one of the two members. */
type EventData = { readonly data?: unknown; readonly data_base64?: string }

/**
 * Turns the body of a binary-mode message into the event's payload; `null` is no payload, and so is an empty
 * body that declares JSON. Throws `CloudEventError` `malformed` if JSON was declared and is not there.
 */
function decodeData(bytes: Uint8Array | null, mediaType: string | undefined): EventData {
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
