import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type BatchOptions, buildBatch, varint } from '../testing/build-batch.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type BatchRules, checkBatch } from './check-batch.ts'
import { hasValidChecksum } from './record-batch.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const RULES: BatchRules = {
  maxBytes: 1_048_588,
  needsKeys: false,
  earliest: Number.NEGATIVE_INFINITY,
  latest: NOW + HOUR,
}
const { INVALID_RECORD, CORRUPT_MESSAGE, UNKNOWN_SERVER_ERROR, INVALID_TIMESTAMP } = errorCodes
const GZIP = 1
const SNAPPY = 2
const LZ4 = 3
const ZSTD = 4

const batch = (options: BatchOptions = {}) => buildBatch({ timestamp: NOW, ...options })
const two = [{ value: 'a' }, { value: 'b' }]
const garbage = () => Buffer.from('this is no stream of any codec')

function codeOf(records: Buffer | null, rules: Partial<BatchRules> = {}): number {
  const checked = checkBatch(records, { ...RULES, ...rules })
  return 'errorCode' in checked ? checked.errorCode : errorCodes.NONE
}

// The codes are those of Apache Kafka 4.3.1 for the same bytes, except where a title says that Kafka is less strict.
describe('a produced batch', () => {
  it.each<{ what: string; records: Buffer }>([
    { what: 'one record', records: batch() },
    { what: 'no value', records: batch({ records: [{ value: null }] }) },
    { what: 'gzip', records: batch({ attributes: GZIP, encode: (bytes) => gzipSync(bytes) }) },
    {
      what: 'gzip in two members',
      records: batch({
        attributes: GZIP,
        encode: (all) => Buffer.concat([gzipSync(all.subarray(0, 4)), gzipSync(all.subarray(4))]),
      }),
    },
    { what: 'zstd', records: batch({ attributes: ZSTD, encode: (bytes) => zstdCompressSync(bytes) }) },
    { what: 'a header without a value', records: batch({ records: [{ headers: header('k', null) }] }) },
    { what: 'the year 1970', records: batch({ timestamp: 0 }) },
    { what: 'no time', records: batch({ timestamp: -1 }) },
    { what: 'a time 59 minutes ahead', records: batch({ timestamp: NOW + 59 * 60_000 }) },
    { what: 'the first bytes of another one after it', records: Buffer.concat([batch(), Buffer.alloc(2)]) },
    { what: 'attributes that have no meaning', records: batch({ attributes: 0x180 }) },
    { what: 'a producer id without an epoch', records: batch({ producerId: 7, baseSequence: 0 }) },
  ])('with $what is accepted', ({ records }) => {
    expect(codeOf(records)).toBe(errorCodes.NONE)
  })

  it.each<{ what: string; records: Buffer | null; code: number }>([
    { what: 'a base offset of 5', records: batch({ baseOffset: 5n }), code: INVALID_RECORD },
    { what: 'a base offset of -1', records: batch({ baseOffset: -1n }), code: INVALID_RECORD },
    {
      what: 'a base offset that no number can hold, and a wrong last offset',
      records: batch({ baseOffset: 2n ** 62n, lastOffsetDelta: 300 }),
      code: INVALID_RECORD,
    },
    ...[GZIP, SNAPPY, LZ4, ZSTD].map((codec) => ({
      what: `garbage under codec ${codec}`,
      records: batch({ attributes: codec, encode: garbage }),
      code: UNKNOWN_SERVER_ERROR,
    })),
    ...[5, 6, 7].map((codec) => ({
      what: `the unknown codec ${codec}`,
      records: batch({ attributes: codec }),
      code: UNKNOWN_SERVER_ERROR,
    })),
    {
      what: 'a stream of gzip that is cut off',
      records: batch({ attributes: GZIP, encode: (bytes) => gzipSync(bytes).subarray(0, -9) }),
      code: UNKNOWN_SERVER_ERROR,
    },
    {
      what: 'gzip of what are no records',
      records: batch({ attributes: GZIP, encode: () => gzipSync(garbage()) }),
      code: INVALID_RECORD,
    },
    {
      what: 'gzip of nothing',
      records: batch({ attributes: GZIP, encode: () => gzipSync('') }),
      code: INVALID_RECORD,
    },
    { what: 'a count above its records', records: batch({ recordCount: 2 }), code: INVALID_RECORD },
    {
      what: 'a count and a last offset above its records',
      records: batch({ recordCount: 2, lastOffsetDelta: 1 }),
      code: INVALID_RECORD,
    },
    {
      what: 'a count below its records',
      records: batch({ records: two, recordCount: 1, lastOffsetDelta: 0 }),
      code: INVALID_RECORD,
    },
    {
      what: 'a count below its records, compressed',
      records: batch({
        records: two,
        recordCount: 1,
        lastOffsetDelta: 0,
        attributes: GZIP,
        encode: (bytes) => gzipSync(bytes),
      }),
      code: INVALID_RECORD,
    },
    { what: 'no records', records: batch({ records: [] }), code: INVALID_RECORD },
    { what: 'a negative count', records: batch({ recordCount: -1 }), code: INVALID_RECORD },
    { what: 'a last offset that is too high', records: batch({ lastOffsetDelta: 5 }), code: INVALID_RECORD },
    { what: 'a negative last offset', records: batch({ lastOffsetDelta: -1 }), code: INVALID_RECORD },
    { what: 'a wrong checksum', records: batch({ checksumError: 1 }), code: CORRUPT_MESSAGE },
    { what: 'magic 0', records: batch({ magic: 0 }), code: INVALID_RECORD },
    { what: 'magic 1', records: batch({ magic: 1 }), code: INVALID_RECORD },
    { what: 'magic 3', records: batch({ magic: 3 }), code: CORRUPT_MESSAGE },
    { what: 'magic -1', records: batch({ magic: -1 }), code: CORRUPT_MESSAGE },
    { what: 'a control record', records: batch({ attributes: 0x20 }), code: INVALID_RECORD },
    {
      what: 'a transaction',
      records: batch({ attributes: 0x10, producerId: 7, producerEpoch: 0, baseSequence: 0 }),
      code: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    },
    {
      what: 'an idempotent producer without a sequence',
      records: batch({ producerId: 7, producerEpoch: 0 }),
      code: INVALID_RECORD,
    },
    { what: 'nothing at all', records: Buffer.alloc(0), code: INVALID_RECORD },
    { what: 'null', records: null, code: INVALID_RECORD },
    { what: 'one byte', records: Buffer.from([1]), code: INVALID_RECORD },
    { what: 'zeros', records: Buffer.alloc(100), code: CORRUPT_MESSAGE },
    { what: 'a cut header', records: batch().subarray(0, 60), code: INVALID_RECORD },
    { what: 'a cut last byte', records: batch().subarray(0, -1), code: INVALID_RECORD },
    { what: 'a length that is too long', records: batch({ lengthError: 5 }), code: INVALID_RECORD },
    { what: 'a length that is too short', records: batch({ lengthError: -3 }), code: CORRUPT_MESSAGE },
    { what: 'a negative length', records: batch({ lengthError: -100_000 }), code: CORRUPT_MESSAGE },
    { what: 'another batch after it', records: Buffer.concat([batch(), batch()]), code: INVALID_RECORD },
    { what: 'zeros after it', records: Buffer.concat([batch(), Buffer.alloc(20)]), code: CORRUPT_MESSAGE },
    {
      what: 'bytes after its records',
      records: batch({ encode: (bytes) => Buffer.concat([bytes, Buffer.from('xx')]) }),
      code: INVALID_RECORD,
    },
    ...[100, -2, -1000].map((lengthError) => ({
      what: `the length of a record wrong by ${lengthError}`,
      records: batch({ records: [{ lengthError }] }),
      code: INVALID_RECORD,
    })),
    {
      what: 'a header without a key',
      records: batch({ records: [{ headers: Buffer.concat([varint(1), varint(-1), varint(-1)]) }] }),
      code: INVALID_RECORD,
    },
    { what: '-1 headers', records: batch({ records: [{ headers: varint(-1) }] }), code: INVALID_RECORD },
    {
      what: 'five headers that are not there',
      records: batch({ records: [{ headers: varint(5) }] }),
      code: INVALID_RECORD,
    },
    {
      what: 'more than max.message.bytes',
      records: batch({ values: ['x'.repeat(1_100_000)] }),
      code: errorCodes.MESSAGE_TOO_LARGE,
    },
    {
      what: 'a time 61 minutes ahead',
      records: batch({ timestamp: NOW + 61 * 60_000 }),
      code: INVALID_TIMESTAMP,
    },
    {
      what: 'one record that is 5 hours ahead of its header',
      records: batch({ records: [{ timestampDelta: 5 * HOUR }], maxTimestamp: NOW }),
      code: INVALID_TIMESTAMP,
    },
    { what: 'the year 2099', records: batch({ timestamp: 4_070_908_800_000 }), code: INVALID_TIMESTAMP },
    ...[[-1], [1], [0, 0], [1, 0], [0, 2]].map((deltas) => ({
      what: `the offsets ${deltas} (Kafka acknowledges them unless they are compressed)`,
      records: batch({ records: deltas.map((offsetDelta) => ({ offsetDelta })) }),
      code: INVALID_RECORD,
    })),
  ])('with $what is refused', ({ records, code }) => {
    expect(codeOf(records)).toBe(code)
  })

  it('names the records without a key in a compacted topic', () => {
    const records = batch({ records: [{ key: 'k' }, { value: 'a' }, { key: '' }, { value: 'b' }] })

    expect(checkBatch(records, { ...RULES, needsKeys: true })).toMatchObject({
      errorCode: INVALID_RECORD,
      records: [{ batchIndex: 1 }, { batchIndex: 3 }],
    })
    expect(codeOf(batch({ records: [{ key: 'k' }, { key: '' }] }), { needsKeys: true })).toBe(errorCodes.NONE)
  })

  it('names the records before message.timestamp.before.max.ms', () => {
    const records = batch({ records: [{ timestampDelta: -500 }, { timestampDelta: -1500 }] })

    expect(checkBatch(records, { ...RULES, earliest: NOW - 1000 })).toMatchObject({
      errorCode: INVALID_TIMESTAMP,
      records: [{ batchIndex: 1 }],
    })
  })

  it('has the largest timestamp of its records in the header, as times of the producer', () => {
    const wrong = batch({
      records: [{ timestampDelta: 700 }, { timestampDelta: 3 }],
      maxTimestamp: NOW + 9 * HOUR,
    })
    const appendTime = batch({ attributes: 8 })

    const [first, second] = [wrong, appendTime].map((records) => checkBatch(records, RULES))

    expect(first).toMatchObject({ header: { maxTimestamp: NOW + 700 } })
    expect(second).toMatchObject({ header: { maxTimestamp: NOW, appendTime: false } })
    for (const checked of [first, second])
      expect(checked && 'batch' in checked && hasValidChecksum(checked.batch)).toBe(true)
  })

  it('that decompresses to more than a request may have is refused', () => {
    const bomb = batch({ attributes: ZSTD, encode: () => zstdCompressSync(Buffer.alloc(200_000_000)) })

    expect(codeOf(bomb)).toBe(errorCodes.MESSAGE_TOO_LARGE)
  })
})

function header(key: string, value: string | null): Buffer {
  const name = Buffer.from(key)
  const rest = value === null ? varint(-1) : Buffer.concat([varint(value.length), Buffer.from(value)])
  return Buffer.concat([varint(1), varint(name.length), name, rest])
}
