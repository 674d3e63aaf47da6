import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { digitsOf } from '#shared/core/json/exact-json.ts'
import { type ErrorCode, type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { parseJson } from './json-format.ts'
import { isJsonMediaType, isTextMediaType, isUtf8MediaType, tidyMediaType } from './media-type.ts'
import {
  type CompleteEvent,
  completeDraft,
  type EventDraft,
  findFaults,
  nameProblem,
  pointerTo,
  validateEvent,
} from './validate-event.ts'

/** An attribute as a header gives it. `text` is undefined if the header cannot be decoded. */
export type HeaderAttribute = readonly [name: string, text: string | undefined]

/** A binary-mode message after its headers were read. A `body` of `null` is no payload. */
export type BinaryMessage = {
  readonly attributes: readonly HeaderAttribute[]
  readonly mediaType: string | undefined
  readonly body: Uint8Array | null
}

const UNDECODABLE = 'is not decodable: send UTF-8, and in HTTP escape all but printable ASCII as %XY.'

const RESERVED: ReadonlyMap<string, string> = new Map([
  ['data', 'must not be a header: the body is the data.'],
  ['data_base64', 'must not be a header: the body is the data.'],
  ['datacontenttype', 'must not be a header of its own: use content-type.'],
])

/**
 * Returns the event of a binary-mode message. The values of attributes stay strings, because a header does not
 * distinguish `"5"` from `5`; the specification allows that. Throws Refusal with every fault.
 */
export function decodeBinaryEvent(
  { attributes, mediaType, body }: BinaryMessage,
  complete?: CompleteEvent,
): CloudEvent {
  const faults: Fault[] = []
  const draft: EventDraft = {}
  for (const [name, text] of attributes) {
    const detail = attributeProblem(name, text)
    if (detail === null) draft[name] = text
    else faults.push({ pointer: pointerTo(name), detail })
  }
  if (mediaType !== undefined) draft.datacontenttype = tidyMediaType(mediaType)
  let code: ErrorCode = 'malformed'
  try {
    Object.assign(draft, decodeData(body, mediaType))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    code = error.code
    faults.push(...error.faults)
  }
  if (faults.length === 0) return validateEvent(draft, complete)
  const known = new Set(faults.map(({ pointer }) => pointer))
  const others = findFaults(completeDraft(draft, complete))
  throw faultsRefusal(code, [...faults, ...others.filter(({ pointer }) => !known.has(pointer))])
}

function attributeProblem(name: string, text: string | undefined): string | null {
  return RESERVED.get(name) ?? nameProblem(name) ?? (text === undefined ? UNDECODABLE : null)
}

/** The attributes that become headers, with their canonical text: all but the media type and the data. */
export function headerAttributes(event: CloudEvent): [name: string, text: string][] {
  const { data: _, data_base64: __, datacontenttype: ___, ...attributes } = event
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, digitsOf(value) ?? String(value)])
}

// CloudEvents JSON format 1.0.2 §3.1, applied to the body of a binary-mode message,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
//   JSON media type             <-> data, by value
//   text or XML that is UTF-8   <-> data, a string
//   all else, or no media type  <-> data_base64, byte by byte
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The payload as the event carries it: at most one of the two members. */
type EventData = { readonly data?: unknown; readonly data_base64?: string }

/**
 * Returns the payload in a body. `null` is no payload; neither is an empty body with a JSON media type.
 * Throws Refusal `malformed` if the media type is JSON and the body is not.
 */
function decodeData(bytes: Uint8Array | null, mediaType: string | undefined): EventData {
  if (bytes === null) return {}
  if (mediaType === undefined) return { data_base64: toBase64(bytes) }
  if (isJsonMediaType(mediaType)) {
    if (bytes.length === 0) return {}
    assertUtf8(mediaType)
    return { data: parseJson(bytes, '/data') }
  }
  if (!isTextMediaType(mediaType) || !isUtf8MediaType(mediaType)) return { data_base64: toBase64(bytes) }
  try {
    return { data: TEXT.decode(bytes) }
  } catch {
    return { data_base64: toBase64(bytes) } // not UTF-8, although the media type says so: keep the bytes
  }
}

/**
 * Returns the body of a binary-mode message for an event, or `null` if the event has no payload. Throws Refusal
 * `unsupported_media_type` for text in a charset other than UTF-8.
 */
export function encodeData({ data, data_base64: base64, datacontenttype }: CloudEvent): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (data === undefined) return null
  if (datacontenttype !== undefined) assertUtf8(datacontenttype)
  if (datacontenttype === undefined || isJsonMediaType(datacontenttype))
    return Buffer.from(JSON.stringify(data))
  if (typeof data === 'string' && data.isWellFormed()) return Buffer.from(data)
  const detail = 'must be well-formed text to be sent in binary mode.'
  throw faultsRefusal('invalid_event', [{ pointer: '/data', detail }])
}

/** The media type that a binary-mode message must declare: data without one is JSON (JSON format §3.1.2). */
export function mediaTypeOf(event: CloudEvent): string | undefined {
  return event.datacontenttype ?? (event.data === undefined ? undefined : 'application/json')
}

function assertUtf8(mediaType: string): void {
  if (isUtf8MediaType(mediaType)) return
  const detail = 'has a charset that is not supported: use UTF-8, or data_base64 in the JSON format.'
  throw faultsRefusal('unsupported_media_type', [{ pointer: '/datacontenttype', detail }])
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
