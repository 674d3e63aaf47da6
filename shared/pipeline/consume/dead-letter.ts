import { Buffer } from 'node:buffer'
import type { DeadLetter, KafkaRecord } from '#shared/pipeline/ports.ts'

/** A DynamoDB item is at most 400 KB. Base64 adds a third; the whole record is still in Kafka at its position. */
const MAX = { reasonLength: 1000, keyBytes: 1024, valueBytes: 256 * 1024 } as const

/** Describes a record that could not be processed. Returns its position, its bytes cut to what can be stored, and why. */
export function toDeadLetter(record: KafkaRecord, reason: string, attempts = 1): DeadLetter {
  const { topic, partition, offset, timestamp, key, value } = record
  const encode = (bytes: Uint8Array | null, max: number) =>
    bytes && Buffer.from(bytes.subarray(0, max)).toString('base64')
  return {
    topic,
    partition,
    offset,
    timestamp,
    reason: reason.slice(0, MAX.reasonLength),
    attempts,
    key: encode(key, MAX.keyBytes),
    value: encode(value, MAX.valueBytes),
    truncated: (value?.length ?? 0) > MAX.valueBytes,
  }
}
