import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { crc32c, hasValidChecksum, magicOf, readBatchHeader } from './record-batch.ts'

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
  it('has the header fields that were written', () => {
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
