import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readRecords } from './read-records.ts'
import { buildBatch } from './testing/build-batch.ts'

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

test('gzip is decompressed, and Snappy is named as what cannot be', () => {
  const gzip = buildBatch({ values: ['a', 'b'], attributes: 1, encode: (records) => gzipSync(records) })

  expect(read(partitionOf(gzip), 0)).toEqual({ values: ['0 a', '1 b'], next: 2 })
  expect(() => read(buildBatch({ attributes: 2 }), 0)).toThrow('Snappy')
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
        ['a', Buffer.alloc(0)],
      ],
    },
  ])
})
