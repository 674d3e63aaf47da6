import { crc32c } from '../storage/record-batch.ts'

export type BatchOptions = {
  values?: readonly string[]
  /** Of the first record, ms since 1970; each further one is a millisecond later. */
  timestamp?: number
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  attributes?: number
  /** Takes the place of the encoded records, for example to compress them. */
  encode?: (records: Buffer) => Buffer
}

/** Builds the record batch (magic 2) that a client would send, for tests. */
export function buildBatch(options: BatchOptions = {}): Buffer {
  const { values = ['value'], timestamp = 1_000, encode = (records) => records } = options
  const records = encode(Buffer.concat(values.map((value, index) => encodeRecord(value, index))))
  const batch = Buffer.alloc(61 + records.length)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(options.attributes ?? 0, 21)
  batch.writeInt32BE(values.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(timestamp + values.length - 1), 35)
  batch.writeBigInt64BE(BigInt(options.producerId ?? -1), 43)
  batch.writeInt16BE(options.producerEpoch ?? -1, 51)
  batch.writeInt32BE(options.baseSequence ?? -1, 53)
  batch.writeInt32BE(values.length, 57)
  records.copy(batch, 61)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

function encodeRecord(value: string, index: number): Buffer {
  const bytes = Buffer.from(value)
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(index),
    varint(index),
    varint(-1),
    varint(bytes.length),
    bytes,
    varint(0),
  ])
  return Buffer.concat([varint(body.length), body])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
