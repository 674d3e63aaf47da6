import { Buffer } from 'node:buffer'
import type { DeadLetter, KafkaRecord } from '#shared/pipeline/ports.ts'

/** A dead letter keeps this much of a record; the whole record is still in Kafka at its position. */
const KEPT_BYTES = 256 * 1024

/** Describes a record that could not be processed. */
export function toDeadLetter(record: KafkaRecord, reason: string, attempts = 1): DeadLetter {
  const { topic, partition, offset, timestamp, key, value } = record
  const encode = (bytes: Uint8Array | null, most: number) =>
    bytes && Buffer.from(bytes.subarray(0, most)).toString('base64')
  return {
    topic,
    partition,
    offset,
    timestamp,
    reason: reason.slice(0, 1000),
    attempts,
    key: encode(key, 1024),
    value: encode(value, KEPT_BYTES),
    truncated: (value?.length ?? 0) > KEPT_BYTES,
  }
}
