import { Buffer } from 'node:buffer'
import { type DeadLetterCode, unreadableOf } from '#shared/core/dead-letter.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { DeadLetter } from './dead-letter.ts'

/**
 * A DynamoDB item is at most 400 KB. Base64 adds a third; the whole record is still in Kafka at its position. `attribute`
 * is what is kept of an attribute of the event, in characters.
 */
const MAX = {
  reasonLength: 1000,
  keyBytes: 1024,
  valueBytes: 256 * 1024,
  headers: 50,
  headerBytes: 1024,
  allHeaderBytes: 16 * 1024,
  attribute: 1024,
} as const

/** Why a record became a dead letter, and who found it and when (milliseconds since 1970). */
export type Finding = Pick<DeadLetter, 'reason' | 'consumer' | 'found' | 'unfolded'> & {
  readonly code: DeadLetterCode
  readonly attempts?: number
}

/** Describes a record that could not be processed. Its bytes and headers are cut to what can be stored. */
export function toDeadLetter(
  record: KafkaRecord,
  { reason, code, consumer, found, attempts = 1, unfolded }: Finding,
): DeadLetter {
  const { topic, partition, offset, timestamp, key, value } = record
  return {
    topic,
    partition,
    offset,
    timestamp,
    reason: reason.slice(0, MAX.reasonLength),
    code,
    consumer,
    attempts,
    found,
    key: encode(key, MAX.keyBytes),
    value: encode(value, MAX.valueBytes),
    truncated: (value?.length ?? 0) > MAX.valueBytes || unreadableOf(record.headers)?.isCut === true,
    headers: headersOf(record),
    ...attributesOf(record),
    ...(unfolded && { unfolded }),
    status: 'open',
  }
}

function encode(bytes: Uint8Array | null, max: number): string | null {
  return bytes && Buffer.from(bytes.subarray(0, max)).toString('base64')
}

function headersOf({ headers }: KafkaRecord): DeadLetter['headers'] {
  const kept: { readonly name: string; readonly value: string }[] = []
  let left: number = MAX.allHeaderBytes
  for (const { name, value } of headers.slice(0, MAX.headers)) {
    const cut = value.subarray(0, MAX.headerBytes)
    left -= Buffer.byteLength(name) + cut.length
    if (left < 0) break
    kept.push({ name, value: Buffer.from(cut).toString('base64') })
  }
  return kept
}

/** The members of a letter by the attributes of an event that they are. */
const ATTRIBUTES = { type: 'type', source: 'source', id: 'id', traceparent: 'trace' } as const

/** Returns what can be read of an event in a record that may be none: from its `ce_` headers, otherwise from its JSON. */
function attributesOf({ headers, value }: KafkaRecord): Pick<DeadLetter, 'type' | 'source' | 'id' | 'trace'> {
  const named = new Map(headers.map((header) => [header.name, Buffer.from(header.value).toString()]))
  const envelope = named.has('ce_type') || named.has('ce_id') ? undefined : jsonObject(value)
  const found = Object.entries(ATTRIBUTES).flatMap(([attribute, member]) => {
    const given: unknown = envelope ? envelope[attribute] : named.get(`ce_${attribute}`)
    return typeof given === 'string' && given !== '' ? [[member, given.slice(0, MAX.attribute)]] : []
  })
  return Object.fromEntries(found)
}

function jsonObject(value: Uint8Array | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(value ?? []).toString())
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined // bytes that are no JSON say nothing of their event
  }
}
