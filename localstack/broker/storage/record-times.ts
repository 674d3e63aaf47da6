import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Reader } from '../wire/reader.ts'
import type { PartitionLog } from './partition-log.ts'
import { BATCH_HEADER_BYTES, type BatchHeader } from './record-batch.ts'

export type TimedOffset = { offset: number; timestamp: number }

/** The first record at or after `timestamp` (ms since 1970), if there is one. */
export function findOffsetByTime(partition: PartitionLog, timestamp: number): TimedOffset | undefined {
  return findRecord(
    partition,
    (maxTimestamp) => maxTimestamp >= timestamp,
    (record) => record.timestamp >= timestamp,
  )
}

/** The first of the records with the largest timestamp. */
export function findLatestTime(partition: PartitionLog): TimedOffset | undefined {
  const largest = partition.segments.reduce((most, segment) => Math.max(most, segment.maxTimestamp), -1)
  return largest < 0 ? undefined : findOffsetByTime(partition, largest)
}

function findRecord(
  partition: PartitionLog,
  mayHold: (maxTimestamp: number) => boolean,
  isWanted: (record: TimedOffset) => boolean,
): TimedOffset | undefined {
  for (const segment of partition.segments) {
    if (!mayHold(segment.maxTimestamp)) continue
    for (const { header, position } of segment.headersFrom(partition.startOffset)) {
      if (!mayHold(header.maxTimestamp)) continue
      for (const record of timesOf(header, segment.readBatch(position, header.bytes))) {
        if (record.offset >= partition.startOffset && isWanted(record)) return record
      }
    }
  }
  return undefined
}

// Record => length VARINT · attributes INT8 · timestamp_delta VARLONG · offset_delta VARINT · key … headers
function* timesOf(header: BatchHeader, batch: Buffer): Generator<TimedOffset> {
  const records = decompress(header.compression, batch.subarray(BATCH_HEADER_BYTES))
  if (!records) {
    // Snappy and LZ4 are not in node:zlib: the whole batch answers, early rather than late.
    yield { offset: header.baseOffset, timestamp: header.maxTimestamp }
    return
  }
  const reader = new Reader(records, { version: 0, flexible: false })
  for (let count = 0; count < header.recordCount; count += 1) {
    const length = reader.varlong()
    const before = reader.remaining
    reader.int8()
    const timestamp = header.baseTimestamp + reader.varlong()
    yield { offset: header.baseOffset + reader.varlong(), timestamp }
    reader.bytes(length - (before - reader.remaining))
  }
}

function decompress(compression: number, records: Buffer): Buffer | undefined {
  if (compression === 0) return records
  if (compression === 1) return gunzipSync(records)
  return compression === 4 ? zstdDecompressSync(records) : undefined
}
