import { gzipSync, zstdCompressSync } from 'node:zlib'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { expect, test } from 'vitest'
import { buildBatch } from '../../../../localstack/broker/testing/build-batch.ts'
import { readRecords } from './read-records.ts'

const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** Batches as they follow each other in a partition. */
function partitionOf(...batches: Buffer[]): Buffer {
  let offset = 0
  for (const batch of batches) {
    batch.writeBigInt64BE(BigInt(offset), 0)
    offset += batch.readInt32BE(23) + 1
  }
  return Buffer.concat(batches)
}
const read = (...args: Parameters<typeof readRecords>) => {
  const { records, next } = readRecords(...args)
  return { values: records.map(({ offset, value }) => `${offset} ${value}`), next }
}

test('records are read from an offset in the middle of a batch', () => {
  const batches = partitionOf(buildBatch({ values: ['a', 'b'], timestamp: 7 }), buildBatch({ values: ['c'] }))

  const { records, next } = readRecords(batches, 1)

  expect(next).toBe(3)
  expect(records[0]).toEqual({
    offset: 1,
    timestamp: 8,
    timestampType: 'CREATE_TIME',
    key: null,
    value: Buffer.from('b'),
    headers: [],
  })
  expect(records[1]).toMatchObject({ offset: 2, value: Buffer.from('c') })
})

test('a batch that is cut off is left for the next fetch', () => {
  const batches = partitionOf(buildBatch({ values: ['a'] }), buildBatch({ values: ['b'] }))

  expect(read(batches.subarray(0, -1), 0)).toEqual({ values: ['0 a'], next: 1 })
  expect(read(batches.subarray(0, 20), 0)).toEqual({ values: [], next: 0 })
})

test.each([
  ['gzip', 1, (records: Buffer) => gzipSync(records)],
  ['snappy', 2, (records: Buffer) => Buffer.from(snappy.compress(records))],
  ['lz4', 3, (records: Buffer) => Buffer.from(lz4.compress(records))],
  ['zstd', 4, (records: Buffer) => zstdCompressSync(records)],
])('records that %s compressed are read', (_, attributes, encode) => {
  const batch = buildBatch({ values: ['a', 'b'], attributes, encode })

  expect(read(partitionOf(batch), 0)).toEqual({ values: ['0 a', '1 b'], next: 2 })
})

test.each([
  [
    'garbage under a codec',
    { attributes: 3, encode: () => Buffer.from('garbage') },
    'its lz4 cannot be read',
  ],
  ['a codec that Kafka does not have', { attributes: 7 }, 'Kafka has no codec 7'],
  ['records that are cut off', { encode: (records: Buffer) => records.subarray(0, -1) }, 'bytes expected'],
  ['fewer records than it says', { encode: () => Buffer.alloc(0) }, '1 bytes expected, 0 left'],
])(
  'a batch with %s is one record with its bytes and the reason, and what follows is read',
  (_, options, why) => {
    const bad = buildBatch({ values: ['a', 'b', 'c'], timestamp: 5, ...options })
    const { records, next } = readRecords(
      partitionOf(buildBatch(), bad, buildBatch({ values: ['after'] })),
      2,
    )

    expect(records.map(({ offset }) => offset)).toEqual([3, 4])
    expect(records[0]).toMatchObject({ timestamp: 7, key: null, value: bad })
    const [name, header] = records[0]?.headers[0] ?? []
    expect(name).toBe('tidewire-unreadable')
    expect(String(header)).toContain('undecodable: the batch of offsets 1 to 3 cannot be read: ')
    expect(String(header)).toContain(why)
    expect(String(records[1]?.value)).toBe('after')
    expect(next).toBe(5)
  },
)

test('a record of a message format before Kafka 0.11 does not hold what follows', () => {
  const old = buildBatch({ values: ['a'] })
  old.writeInt8(1, 16)

  const { records, next } = readRecords(partitionOf(old, buildBatch({ values: ['after'] })), 0)

  expect(String(records[0]?.headers[0]?.[1])).toContain('format 1, of before Kafka 0.11, is not read')
  expect(String(records[1]?.value)).toBe('after')
  expect(next).toBe(2)
})

test('no more is decompressed at once than is allowed: one batch beyond it is unreadable, of several the rest comes later', () => {
  const encode = (records: Buffer) => zstdCompressSync(records)
  const large = () => buildBatch({ values: ['x'.repeat(600)], attributes: 4, encode })
  const three = partitionOf(large(), large(), large())

  expect(readRecords(three, 0, [], 1000)).toMatchObject({ records: [{ offset: 0 }, { offset: 1 }], next: 2 })
  const { records, next } = readRecords(three, 0, [], 500)
  expect(String(records[0]?.headers[0]?.[1])).toContain('it holds more than 500 bytes')
  expect(next).toBeGreaterThan(0)
})

test('a batch with the time of its append has it for all records', () => {
  const { records } = readRecords(buildBatch({ values: ['a', 'b'], timestamp: 5, attributes: 0x08 }), 0)

  expect(records.map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual([
    [6, 'LOG_APPEND_TIME'],
    [6, 'LOG_APPEND_TIME'],
  ])
})

test('what an aborted transaction wrote and control records are skipped, and what follows is not', () => {
  const write = (value: string, producerId: number) =>
    buildBatch({ values: [value], producerId, attributes: TRANSACTIONAL })
  const batches = partitionOf(
    write('aborted', 1),
    write('committed', 2),
    marker(1, 0),
    marker(2, 1),
    write('later', 1),
    marker(1, 1),
  )

  const aborted = [{ producerId: 1, firstOffset: 0 }]

  expect(read(batches, 0, aborted)).toEqual({ values: ['1 committed', '4 later'], next: 6 })
})

/** A control batch: the key of its record says whether the producer's transaction was aborted (0) or committed (1). */
function marker(producerId: number, type: number): Buffer {
  // length · attributes · timestamp_delta · offset_delta · key_length 4 · version type · value_length -1 · no headers
  const record = Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, type, 1, 0])
  const attributes = TRANSACTIONAL | CONTROL
  return buildBatch({ producerId, attributes, encode: () => record })
}

test('a key, a tombstone and headers of the same name are read as they were written', () => {
  // key "k", no value, the headers a: "1" and a: null
  const fields = Buffer.from([0, 0, 0, 2, 0x6b, 1, 4, 2, 0x61, 2, 0x31, 2, 0x61, 1])
  const record = Buffer.concat([Buffer.from([fields.length * 2]), fields])

  const { records } = readRecords(buildBatch({ encode: () => record }), 0)

  expect(records).toMatchObject([
    {
      key: Buffer.from('k'),
      value: null,
      headers: [
        ['a', Buffer.from('1')],
        ['a', null],
      ],
    },
  ])
})
