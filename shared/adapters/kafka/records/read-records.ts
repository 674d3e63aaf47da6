import { Buffer } from 'node:buffer'
import { UNREADABLE_HEADER, unreadableHeader } from '#shared/core/dead-letter.ts'
import { messageOf } from '#shared/core/text/message-of.ts'

import { decompressRecords, MOST_RECORD_BYTES } from './decompress.ts'
import { RecordCursor } from './record-cursor.ts'

/** A record of a partition. Keys, values and headers are views of the response that they came in. */
export type LogRecord = {
  offset: number
  /** ms since 1970 */
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  key: Buffer | null
  value: Buffer | null
  headers: [name: string, value: Buffer | null][]
}

type AbortedTransaction = { readonly producerId: number; readonly firstOffset: number }

// RecordBatch (magic 2), https://kafka.apache.org/documentation/#recordbatch
//   base_offset INT64 · length INT32 · partition_leader_epoch INT32 · magic INT8 · crc UINT32
//   attributes INT16 · last_offset_delta INT32 · base_timestamp INT64 · max_timestamp INT64
//   producer_id INT64 · producer_epoch INT16 · base_sequence INT32 · records_count INT32 · records
// The message formats before (magic 0 and 1) have the same fields up to the length, and the magic in the same place.
const HEADER_BYTES = 61
/** The length field counts the bytes after itself. */
const LENGTH_OVERHEAD = 12
const MAGIC_AT = 16

type Batch = {
  readonly bytes: Buffer
  readonly magic: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly codec: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly timestampType: LogRecord['timestampType']
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly recordCount: number
}

/**
 * Decodes what a fetch returned of a partition: the records from the offset `from`, without control records and
 * without those of aborted transactions, and the offset to fetch next. A batch that is cut off at the end is left for
 * the next fetch, as is what would take the decompressed bytes over `most`. Of a batch that cannot be read there is one
 * record at its last offset, with all its bytes as the value and the reason in the header `tidewire-unreadable`: who
 * reads the partition gets beyond it. Never throws.
 */
export function readRecords(
  batches: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[] = [],
  most = MOST_RECORD_BYTES,
): { readonly records: LogRecord[]; readonly next: number } {
  const records: LogRecord[] = []
  const isAborted = trackAborted(aborted)
  let left = most
  let next = from
  for (let at = 0; at + LENGTH_OVERHEAD <= batches.length && left > 0; ) {
    const end = at + batches.readInt32BE(at + 8) + LENGTH_OVERHEAD
    if (end > batches.length || end - at <= MAGIC_AT) break
    const batch = readBatch(batches.subarray(at, end))
    if (!isAborted(batch) && !batch.isControl) {
      const found = recordsOf(batch, most)
      for (const record of found.records) if (record.offset >= from) records.push(record)
      left -= found.bytes
    }
    next = Math.max(next, batch.lastOffset + 1)
    at = end
  }
  return { records, next }
}

function readBatch(bytes: Buffer): Batch {
  const magic = bytes.readInt8(MAGIC_AT)
  const baseOffset = Number(bytes.readBigInt64BE(0))
  const isOld = magic !== 2 || bytes.length < HEADER_BYTES
  const attributes = isOld ? 0 : bytes.readInt16BE(21)
  return {
    bytes,
    magic: isOld && magic === 2 ? -1 : magic,
    baseOffset,
    lastOffset: baseOffset + (isOld ? 0 : Math.max(0, bytes.readInt32BE(23))),
    codec: attributes & 0x07,
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    timestampType: (attributes & 0x08) !== 0 ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    baseTimestamp: isOld ? 0 : Number(bytes.readBigInt64BE(27)),
    maxTimestamp: isOld ? 0 : Number(bytes.readBigInt64BE(35)),
    producerId: isOld ? -1 : Number(bytes.readBigInt64BE(43)),
    recordCount: isOld ? 0 : bytes.readInt32BE(57),
  }
}

function recordsOf(batch: Batch, most: number): { readonly records: LogRecord[]; readonly bytes: number } {
  try {
    if (batch.magic !== 2) throw new Error(`format ${batch.magic}, of before Kafka 0.11, is not read`)
    const bytes = decompressRecords(batch.codec, batch.bytes.subarray(HEADER_BYTES), most)
    return { records: decodeRecords(batch, bytes), bytes: bytes.length }
  } catch (error) {
    return { records: [standIn(batch, messageOf(error))], bytes: batch.bytes.length }
  }
}

// Record => length VARINT · attributes INT8 · timestamp_delta VARLONG · offset_delta VARINT
//           key_length VARINT · key · value_length VARINT · value · [name_length name value_length value]
function decodeRecords(batch: Batch, bytes: Buffer): LogRecord[] {
  const { baseOffset, baseTimestamp, maxTimestamp, timestampType, recordCount } = batch
  const cursor = new RecordCursor(bytes)
  const records: LogRecord[] = []
  for (let count = 0; count < recordCount; count += 1) {
    cursor.varlong()
    cursor.skip(1)
    const created = baseTimestamp + cursor.varlong()
    const offset = baseOffset + cursor.varlong()
    const key = cursor.nullable()
    const value = cursor.nullable()
    const headers: LogRecord['headers'] = []
    for (let left = cursor.varlong(); left > 0; left -= 1) headers.push([cursor.text(), cursor.nullable()])
    const timestamp = timestampType === 'LOG_APPEND_TIME' ? maxTimestamp : created
    records.push({ offset, timestamp, timestampType, key, value, headers })
  }
  return records
}

function standIn(batch: Batch, why: string): LogRecord {
  const { baseOffset, lastOffset, maxTimestamp: timestamp, timestampType, bytes: value } = batch
  const offsets =
    baseOffset === lastOffset ? `offset ${baseOffset}` : `offsets ${baseOffset} to ${lastOffset}`
  const reason = `the batch of ${offsets} cannot be read: ${why}`
  const header = unreadableHeader({ code: 'undecodable', reason, isCut: false })
  const headers: LogRecord['headers'] = [[UNREADABLE_HEADER, Buffer.from(header)]]
  return { offset: lastOffset, timestamp, timestampType, key: null, value, headers }
}

/** The type of a control record, in its key after the version. */
const ABORT = 0

/** Returns whether a batch is of an aborted transaction. Must see the batches in order. */
function trackAborted(aborted: readonly AbortedTransaction[]) {
  const pending = aborted.toSorted((left, right) => left.firstOffset - right.firstOffset)
  const producers = new Set<number>()
  return (batch: Batch): boolean => {
    if (!batch.isTransactional) return false
    while (pending[0] && pending[0].firstOffset <= batch.lastOffset)
      producers.add(pending.shift()?.producerId ?? -1)
    if (!producers.has(batch.producerId)) return false
    if (batch.isControl && markerOf(batch) === ABORT) producers.delete(batch.producerId)
    return true
  }
}

/** ControlRecord key => version INT16 · type INT16 */
function markerOf(batch: Batch): number | undefined {
  const [marker] = recordsOf(batch, MOST_RECORD_BYTES).records
  const key = marker?.key
  return key && key.length >= 4 ? key.readInt16BE(2) : undefined
}
