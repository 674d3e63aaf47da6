import { crc32c } from '../storage/record-batch.ts'

/** A record as a producer encodes it; `null` is a key or a value that is missing. */
export type RecordOptions = {
  key?: string | null
  value?: string | null
  /** What is added to the batch's offset and timestamp; by default its index. */
  offsetDelta?: number
  timestampDelta?: number
  /** Takes the place of the encoded headers. */
  headers?: Buffer
  /** Added to the length of the record that is written before it. */
  lengthError?: number
}

export type BatchOptions = {
  values?: readonly string[]
  /** Takes the place of `values`. */
  records?: readonly RecordOptions[]
  /** Of the first record, ms since 1970; each further one is a millisecond later. */
  timestamp?: number
  maxTimestamp?: number
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  attributes?: number
  baseOffset?: bigint
  lastOffsetDelta?: number
  recordCount?: number
  magic?: number
  /** Added to the length and the checksum in the header. */
  lengthError?: number
  checksumError?: number
  /** Takes the place of the encoded records, for example to compress them. */
  encode?: (records: Buffer) => Buffer
}

/** Builds the record batch (magic 2) that a client would send, for tests. */
export function buildBatch(options: BatchOptions = {}): Buffer {
  const { values = ['value'], timestamp = 1_000, encode = (records) => records } = options
  const list = options.records ?? values.map((value) => ({ value }))
  const records = encode(Buffer.concat(list.map(encodeRecord)))
  const batch = Buffer.alloc(61 + records.length)
  batch.writeBigInt64BE(options.baseOffset ?? 0n, 0)
  batch.writeInt32BE(batch.length - 12 + (options.lengthError ?? 0), 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(options.magic ?? 2, 16)
  batch.writeInt16BE(options.attributes ?? 0, 21)
  batch.writeInt32BE(options.lastOffsetDelta ?? list.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(options.maxTimestamp ?? timestamp + list.length - 1), 35)
  batch.writeBigInt64BE(BigInt(options.producerId ?? -1), 43)
  batch.writeInt16BE(options.producerEpoch ?? -1, 51)
  batch.writeInt32BE(options.baseSequence ?? -1, 53)
  batch.writeInt32BE(options.recordCount ?? list.length, 57)
  records.copy(batch, 61)
  batch.writeUInt32BE((crc32c(batch, 21) + (options.checksumError ?? 0)) >>> 0, 17)
  return batch
}

function encodeRecord(record: RecordOptions, index: number): Buffer {
  const { key = null, value = null, headers = varint(0), lengthError = 0 } = record
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(record.timestampDelta ?? index),
    varint(record.offsetDelta ?? index),
    nullable(key),
    nullable(value),
    headers,
  ])
  return Buffer.concat([varint(body.length + lengthError), body])
}

/** Zigzag, as lengths, deltas and counts are in a record. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

function nullable(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}
