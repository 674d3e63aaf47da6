import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  decompress,
  magicOf,
  readBatchHeader,
} from './storage/record-batch.ts'
import { Reader } from './wire/reader.ts'

/** A record of a partition. Keys, values and headers are views of the response that they came in. */
export type LogRecord = {
  offset: number
  /** ms since 1970 */
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  key: Buffer | null
  value: Buffer | null
  headers: [name: string, value: Buffer][]
}

type AbortedTransaction = { producerId: number; firstOffset: number }

/**
 * Decodes what a fetch returned of a partition: the records from the offset `from`, without control records and
 * without those of aborted transactions, and the offset to fetch next. A batch that is cut off at the end is left for
 * the next fetch. Throws an error for Snappy, LZ4 and the message formats before Kafka 0.11.
 */
export function readRecords(
  batches: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[] = [],
): { records: LogRecord[]; next: number } {
  const records: LogRecord[] = []
  const isAborted = trackAborted(aborted)
  let next = from
  for (let at = 0; at + BATCH_HEADER_BYTES <= batches.length; ) {
    const end = at + batchBytes(batches, at)
    if (end > batches.length) break
    const batch = batches.subarray(at, end)
    if (magicOf(batch) !== 2) throw new Error('the message formats before Kafka 0.11 are not supported')
    const header = readBatchHeader(batch)
    if (!isAborted(header, batch) && !header.control) readBatch(header, batch, from, records)
    next = Math.max(next, header.lastOffset + 1)
    at = end
  }
  return { records, next }
}

// Record => length VARINT · attributes INT8 · timestamp_delta VARLONG · offset_delta VARINT
//           key_length VARINT · key · value_length VARINT · value · [name_length name value_length value]
function readBatch(header: BatchHeader, batch: Buffer, from: number, into: LogRecord[]): void {
  const reader = recordsOf(header, batch)
  const timestampType = header.appendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
  for (let count = 0; count < header.recordCount; count += 1) {
    reader.varlong()
    reader.int8()
    const created = header.baseTimestamp + reader.varlong()
    const offset = header.baseOffset + reader.varlong()
    const key = readNullable(reader)
    const value = readNullable(reader)
    const headers: [string, Buffer][] = []
    for (let left = reader.varlong(); left > 0; left -= 1)
      headers.push([reader.utf8(reader.varlong()), readNullable(reader) ?? NOTHING])
    const timestamp = header.appendTime ? header.maxTimestamp : created
    if (offset >= from) into.push({ offset, timestamp, timestampType, key, value, headers })
  }
}

const NOTHING = Buffer.alloc(0)

function readNullable(reader: Reader): Buffer | null {
  const length = reader.varlong()
  return length < 0 ? null : reader.bytes(length)
}

function recordsOf({ compression }: BatchHeader, batch: Buffer): Reader {
  const records = decompress(compression, batch.subarray(BATCH_HEADER_BYTES))
  if (!records) throw new Error(`records compressed with ${CODECS[compression]} cannot be read`)
  return new Reader(records, { version: 0, flexible: false })
}

const CODECS = ['nothing', 'gzip', 'Snappy', 'LZ4', 'zstd']
/** The type of a control record, in its key after the version. */
const ABORT = 0

/** Returns whether a batch is of an aborted transaction. Must see the batches in order. */
function trackAborted(aborted: readonly AbortedTransaction[]) {
  const pending = aborted.toSorted((left, right) => left.firstOffset - right.firstOffset)
  const producers = new Set<number>()
  return (header: BatchHeader, batch: Buffer): boolean => {
    if (!header.transactional) return false
    while (pending[0] && pending[0].firstOffset <= header.lastOffset)
      producers.add(pending.shift()?.producerId ?? -1)
    if (!producers.has(header.producerId)) return false
    if (header.control && markerOf(header, batch) === ABORT) producers.delete(header.producerId)
    return true
  }
}

/** ControlRecord key => version INT16 · type INT16 */
function markerOf(header: BatchHeader, batch: Buffer): number {
  const reader = recordsOf(header, batch)
  reader.varlong()
  reader.int8()
  reader.varlong()
  reader.varlong()
  return readNullable(reader)?.readInt16BE(2) ?? -1
}
