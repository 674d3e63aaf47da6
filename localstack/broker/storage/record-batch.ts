import { crc32c } from './crc32c.ts'

// RecordBatch (magic 2), https://kafka.apache.org/documentation/#recordbatch
//   base_offset INT64 · length INT32 · partition_leader_epoch INT32 · magic INT8 · crc UINT32 (of all that follows)
//   attributes INT16 · last_offset_delta INT32 · base_timestamp INT64 · max_timestamp INT64
//   producer_id INT64 · producer_epoch INT16 · base_sequence INT32 · records_count INT32 · records
const LENGTH_AT = 8
const LEADER_EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
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
  baseTimestamp: number
  maxTimestamp: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  recordCount: number
}

/** The message format of the first entry of a produced record set, 0, 1 or 2. */
export function magicOf(records: Buffer): number {
  return records.length > MAGIC_AT ? records.readInt8(MAGIC_AT) : -1
}

/** Bytes that the batch at `at` claims to have. Eight more than `LENGTH_AT` bytes must be readable. */
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
    baseTimestamp: Number(buffer.readBigInt64BE(at + 27)),
    maxTimestamp: Number(buffer.readBigInt64BE(at + 35)),
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

/** Gives a batch its place in the log. The two fields lie before the checksum and are not covered by it. */
export function assignOffset(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeInt32BE(0, LEADER_EPOCH_AT)
}
