import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { crc32c } from './crc32c.ts'
import { openPartitionLog } from './partition-log.ts'
import { hasValidChecksum, magicOf, readBatchHeader } from './record-batch.ts'
import { findLatestTime, findOffsetByTime } from './record-times.ts'

describe('CRC-32C', () => {
  // The test vectors of RFC 3720, appendix B.4.
  it.each([
    { bytes: Buffer.alloc(32, 0), crc: 0x8a9136aa },
    { bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
    { bytes: Buffer.from(Array.from({ length: 32 }, (_, index) => index)), crc: 0x46dd794e },
    { bytes: Buffer.from('123456789'), crc: 0xe3069283 },
  ])('of a known input is $crc', ({ bytes, crc }) => {
    expect(crc32c(bytes)).toBe(crc)
  })
})

describe('a record batch', () => {
  it('shows its header', () => {
    const batch = buildBatch({
      values: ['a', 'b'],
      timestamp: 50,
      producerId: 9,
      producerEpoch: 1,
      baseSequence: 4,
    })

    expect(magicOf(batch)).toBe(2)
    expect(hasValidChecksum(batch)).toBe(true)
    expect(readBatchHeader(batch)).toMatchObject({
      bytes: batch.length,
      lastOffset: 1,
      recordCount: 2,
      baseTimestamp: 50,
      maxTimestamp: 51,
      producerId: 9,
      producerEpoch: 1,
      baseSequence: 4,
      transactional: false,
    })
  })
})

describe('looking up a time', () => {
  it.each([
    { codec: 'uncompressed', options: {}, exact: true },
    {
      codec: 'gzip',
      options: { attributes: 1, encode: (records: Buffer) => gzipSync(records) },
      exact: true,
    },
    {
      codec: 'zstd',
      options: { attributes: 4, encode: (records: Buffer) => zstdCompressSync(records) },
      exact: true,
    },
    { codec: 'LZ4 (by batch)', options: { attributes: 3 }, exact: false },
  ])('finds the first record at or after it among $codec records', ({ options, exact }) => {
    const log = openPartitionLog({ directory: temporaryDirectory(), segmentBytes: 1_000, log: () => {} })
    for (const timestamp of [100, 200, 300]) {
      const batch = buildBatch({ ...options, timestamp, values: ['a', 'b', 'c'] })
      log.append(batch, readBatchHeader(batch))
    }

    expect(findOffsetByTime(log, 201)?.offset).toBe(exact ? 4 : 3)
    expect(findOffsetByTime(log, 203)?.offset).toBe(6)
    expect(findOffsetByTime(log, 400)).toBeUndefined()
    expect(findLatestTime(log)).toEqual({ offset: exact ? 8 : 6, timestamp: 302 })
  })
})
