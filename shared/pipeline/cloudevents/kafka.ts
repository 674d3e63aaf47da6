import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import {
  addAttribute,
  encodeData,
  finishBinaryEvent,
  forEachAttribute,
  mediaTypeOf,
  startBinaryEvent,
} from './binary-mode.ts'
import { CloudEventError } from './codec-error.ts'
import { decodeJsonEvent, encodeJsonEvent } from './json-format.ts'
import { JSON_EVENT, JSON_EVENT_UTF8, messageMode } from './media-type.ts'

// CloudEvents Kafka binding 1.0.2,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
//   structured = ["content-type" = "application/cloudevents+json"] value(event in the JSON format)
//   binary     = *("ce_" name = UTF-8 text) ["content-type" = datacontenttype] value(data / null)
const PREFIX = 'ce_'
const CONTENT_TYPE = 'content-type'
const REPEATED_TYPE = `${PREFIX}datacontenttype`
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type KafkaHeader = { readonly name: string; readonly value: Uint8Array }

/** A record as it is in the log. Its key is not read: the mapping of keys never alters an event (§3.1). */
export type KafkaRecord = {
  readonly key?: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly KafkaHeader[]
}

type HeaderFields = ReadonlyMap<string, string | undefined>

export type EncodedKafkaRecord = { readonly value: Buffer | null; readonly headers: Record<string, string> }

/**
 * Decodes the event of a record: structured by its content type, binary by its `ce_` headers, and, without
 * any of both, a value in the JSON format, as console producers write it. In binary mode attributes stay
 * strings, and a record without a value is an event without data. Throws `CloudEventError` with every fault.
 */
export function decodeKafka({ value, headers }: KafkaRecord): CloudEvent {
  const fields = readHeaders(headers)
  const mode = messageMode(fields.get(CONTENT_TYPE))
  if (mode === 'batch') {
    const detail = `A record is one event: send ${JSON_EVENT}.`
    throw new CloudEventError('unsupported_media_type', [{ pointer: '', detail }])
  }
  return mode === 'structured' || fields.size === 0 ? decodeStructured(value) : decodeBinary(fields, value)
}

/** Encodes an event in structured mode; the key is the caller's. */
export function encodeKafkaStructured(event: CloudEvent): EncodedKafkaRecord & { readonly value: Buffer } {
  return {
    value: Buffer.from(encodeJsonEvent(event)),
    headers: { [CONTENT_TYPE]: JSON_EVENT_UTF8 },
  }
}

/** Encodes an event in binary mode; the key is the caller's. Throws as `encodeHttpBinary` does. */
export function encodeKafkaBinary(event: CloudEvent): EncodedKafkaRecord {
  const headers: Record<string, string> = {}
  forEachAttribute(event, (name, text) => {
    headers[PREFIX + name] = text
  })
  const mediaType = mediaTypeOf(event)
  if (mediaType !== undefined) headers[CONTENT_TYPE] = mediaType
  return { value: encodeData(event), headers }
}

function decodeStructured(value: Uint8Array | null): CloudEvent {
  if (value !== null) return decodeJsonEvent(value)
  throw new CloudEventError('malformed', [{ pointer: '', detail: 'A record without a value is no event.' }])
}

function decodeBinary(fields: HeaderFields, value: Uint8Array | null): CloudEvent {
  const event = startBinaryEvent()
  // The npm SDK repeats the content type as ce_datacontenttype; only a contradiction is refused.
  const mediaType = fields.has(CONTENT_TYPE) ? fields.get(CONTENT_TYPE) : fields.get(REPEATED_TYPE)
  for (const [header, text] of fields) {
    if (header === CONTENT_TYPE || (header === REPEATED_TYPE && text === mediaType)) continue
    addAttribute(event, header.slice(PREFIX.length), text)
  }
  if (mediaType !== undefined) event.draft.datacontenttype = mediaType
  else if (fields.has(CONTENT_TYPE)) addAttribute(event, 'datacontenttype', undefined)
  return finishBinaryEvent(event, value)
}

/** Keeps the headers of CloudEvents as text; `undefined` where one is not UTF-8 or contradicts another. */
function readHeaders(headers: readonly KafkaHeader[]): HeaderFields {
  const fields = new Map<string, string | undefined>()
  for (const { name, value } of headers) {
    const isAttribute = name.startsWith(PREFIX)
    if (!isAttribute && name.toLowerCase() !== CONTENT_TYPE) continue
    const field = isAttribute ? name : CONTENT_TYPE
    const text = decodeText(value)
    fields.set(field, fields.has(field) && fields.get(field) !== text ? undefined : text)
  }
  return fields
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined // told as a fault of the attribute, together with all others
  }
}
