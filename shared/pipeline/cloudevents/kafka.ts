import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { faultsRefusal } from '#shared/core/refusal.ts'
import {
  decodeBinaryEvent,
  encodeData,
  type HeaderAttribute,
  headerAttributes,
  mediaTypeOf,
} from './binary-mode.ts'
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

/** A record as it is in Kafka. Its key is not read: the mapping of keys never alters an event (§3.1). */
export type KafkaRecord = {
  readonly key?: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly KafkaHeader[]
}

type HeaderFields = ReadonlyMap<string, string | undefined>

export type EncodedKafkaRecord = { readonly value: Buffer | null; readonly headers: Record<string, string> }

/**
 * Decodes the event of a record: in structured mode if its content type says so, in binary mode if it has `ce_`
 * headers. A value without either is read in the JSON format, which is how console producers write. In binary mode
 * attributes stay strings, and a record without a value is an event without data. Throws Refusal with every fault.
 */
export function decodeKafka({ value, headers }: KafkaRecord): CloudEvent {
  const fields = readHeaders(headers)
  const mode = messageMode(fields.get(CONTENT_TYPE))
  if (mode === 'batch') {
    const detail = `A record is one event: send ${JSON_EVENT}.`
    throw faultsRefusal('unsupported_media_type', [{ pointer: '', detail }])
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
  const attributes = headerAttributes(event).map(([name, text]) => [PREFIX + name, text])
  const mediaType = mediaTypeOf(event)
  return {
    value: encodeData(event),
    headers: {
      ...Object.fromEntries(attributes),
      ...(mediaType !== undefined && { [CONTENT_TYPE]: mediaType }),
    },
  }
}

function decodeStructured(value: Uint8Array | null): CloudEvent {
  if (value !== null) return decodeJsonEvent(value)
  throw faultsRefusal('malformed', [{ pointer: '', detail: 'A record without a value is not an event.' }])
}

function decodeBinary(fields: HeaderFields, value: Uint8Array | null): CloudEvent {
  const hasContentType = fields.has(CONTENT_TYPE)
  // The npm SDK repeats the content type as ce_datacontenttype; only a contradiction is refused.
  const mediaType = fields.get(hasContentType ? CONTENT_TYPE : REPEATED_TYPE)
  const attributes = [...fields]
    .filter(([header, text]) => header !== CONTENT_TYPE && (header !== REPEATED_TYPE || text !== mediaType))
    .map(([header, text]): HeaderAttribute => [header.slice(PREFIX.length), text])
  if (hasContentType && mediaType === undefined) attributes.push(['datacontenttype', undefined])
  return decodeBinaryEvent({ attributes, mediaType, body: value })
}

/** Returns the headers of CloudEvents as text; `undefined` if one is not UTF-8 or contradicts another. */
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
    return undefined // becomes a fault of the attribute, reported together with all others
  }
}
