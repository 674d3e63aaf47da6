import { decompressRecords } from '#shared/adapters/kafka/records/decompress.ts'
import { Reader } from '../wire/reader.ts'

// RecordBatch (magic 2), https://kafka.apache.org/documentation/#recordbatch
//   base_offset INT64 · length INT32 · partition_leader_epoch INT32 · magic INT8 · crc UINT32 (of all that follows)
//   attributes INT16 · last_offset_delta INT32 · base_timestamp INT64 · max_timestamp INT64
//   producer_id INT64 · producer_epoch INT16 · base_sequence INT32 · records_count INT32 · records
const LENGTH_AT = 8
const LEADER_EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const MAX_TIMESTAMP_AT = 35
/** The bit of the attributes that says that the broker set the time. */
const APPEND_TIME = 0x08
/** The length field counts the bytes after itself. */
const LENGTH_OVERHEAD = 12

/** Bytes of a batch before its records. */
export const BATCH_HEADER_BYTES = 61

export type BatchHeader = {
  baseOffset: number
  /** Bytes of the whole batch. */
  bytes: number
  lastOffset: number
  compression: number
  transactional: boolean
  control: boolean
  /** The time of all records is `maxTimestamp`, when the broker appended them. */
  appendTime: boolean
  baseTimestamp: number
  maxTimestamp: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  recordCount: number
}

export type TimedOffset = { offset: number; timestamp: number }

/** The message format (0, 1 or 2) of the first entry of a produced record set; -1 if it is too short to have one. */
export function magicOf(records: Buffer): number {
  return records.length > MAGIC_AT ? records.readInt8(MAGIC_AT) : -1
}

/** The size of the batch at `at`, by its length field. At least 12 bytes must be readable. */
export function batchBytes(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + LENGTH_AT) + LENGTH_OVERHEAD
}

/** The header of the batch at `at`, of which at least `BATCH_HEADER_BYTES` must be readable. */
export function readBatchHeader(buffer: Buffer, at = 0): BatchHeader {
  const baseOffset = Number(buffer.readBigInt64BE(at))
  const attributes = buffer.readInt16BE(at + ATTRIBUTES_AT)
  return {
    baseOffset,
    bytes: batchBytes(buffer, at),
    lastOffset: baseOffset + buffer.readInt32BE(at + 23),
    compression: attributes & 0x07,
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
    appendTime: (attributes & APPEND_TIME) !== 0,
    baseTimestamp: Number(buffer.readBigInt64BE(at + 27)),
    maxTimestamp: Number(buffer.readBigInt64BE(at + MAX_TIMESTAMP_AT)),
    producerId: Number(buffer.readBigInt64BE(at + 43)),
    producerEpoch: buffer.readInt16BE(at + 51),
    baseSequence: buffer.readInt32BE(at + 53),
    recordCount: buffer.readInt32BE(at + 57),
  }
}

/** Whether the checksum of the one batch in `batch` is right. */
export function hasValidChecksum(batch: Buffer): boolean {
  return batch.readUInt32BE(CRC_AT) === crc32c(batch, ATTRIBUTES_AT)
}

/** Writes the largest timestamp of a batch's records into it, as times of their producer, and its new checksum. */
export function setMaxTimestamp(batch: Buffer, maxTimestamp: number): void {
  batch.writeBigInt64BE(BigInt.asIntN(64, BigInt(maxTimestamp)), MAX_TIMESTAMP_AT)
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) & ~APPEND_TIME, ATTRIBUTES_AT)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
}

/** Writes a batch's offset into it. The two fields are before the checksum, which does not cover them. */
export function assignOffset(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeInt32BE(0, LEADER_EPOCH_AT)
}

// Record => length VARINT · attributes INT8 · timestamp_delta VARLONG · offset_delta VARINT · key … headers
/** Yields the offset and timestamp of each record of a batch; one for the whole batch if it cannot be decompressed. */
export function* readRecordTimes(header: BatchHeader, batch: Buffer): Generator<TimedOffset> {
  const records = readableOrNull(header.compression, batch.subarray(BATCH_HEADER_BYTES))
  if (!records || header.appendTime) {
    // The first offset is early rather than late.
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

function readableOrNull(compression: number, records: Buffer): Buffer | null {
  try {
    return decompressRecords(compression, records)
  } catch {
    return null
  }
}

/** Row 0 is the table of single bytes; row n is for a byte that n others follow. */
const CRC_ROWS = 8
const CRC_TABLE = createCrcTable()

function createCrcTable(): Int32Array {
  const table = new Int32Array(CRC_ROWS * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[byte] = crc
  }
  for (let at = 256; at < table.length; at += 1) {
    const before = table[at - 256] ?? 0
    table[at] = (table[before & 0xff] ?? 0) ^ (before >>> 8)
  }
  return table
}

/**
 * CRC-32C (Castagnoli), as an unsigned number; node:zlib has only the IEEE polynomial. Eight bytes at once, because it
 * is most of what a broker computes for a record ("slicing-by-8").
 */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = from
  for (; at + CRC_ROWS <= to; at += CRC_ROWS) {
    const low = view.getInt32(at, true) ^ crc
    const high = view.getInt32(at + 4, true)
    crc =
      (CRC_TABLE[1792 + (low & 0xff)] ?? 0) ^
      (CRC_TABLE[1536 + ((low >>> 8) & 0xff)] ?? 0) ^
      (CRC_TABLE[1280 + ((low >>> 16) & 0xff)] ?? 0) ^
      (CRC_TABLE[1024 + (low >>> 24)] ?? 0) ^
      (CRC_TABLE[768 + (high & 0xff)] ?? 0) ^
      (CRC_TABLE[512 + ((high >>> 8) & 0xff)] ?? 0) ^
      (CRC_TABLE[256 + ((high >>> 16) & 0xff)] ?? 0) ^
      (CRC_TABLE[high >>> 24] ?? 0)
  }
  for (; at < to; at += 1) crc = (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}
