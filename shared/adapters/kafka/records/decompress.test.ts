import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { describe, expect, test } from 'vitest'
import { CODECS, decompressRecords } from './decompress.ts'
import { UnreadableRecords } from './unreadable-records.ts'

const GZIP = 1
const SNAPPY = 2
const LZ4 = 3
const ZSTD = 4

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
/** As Java's clients frame what they compress, in blocks. */
function framedSnappy(bytes: Buffer, blockBytes = 32 * 1024): Buffer {
  const header = Buffer.concat([Buffer.from([0x82]), Buffer.from('SNAPPY\0'), int32(1), int32(1)])
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = Buffer.from(snappy.compress(bytes.subarray(at, at + blockBytes)))
    blocks.push(int32(block.length), block)
  }
  return Buffer.concat([header, ...blocks])
}
const compress: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => bytes,
  (bytes) => gzipSync(bytes),
  (bytes) => Buffer.from(snappy.compress(bytes)),
  (bytes) => Buffer.from(lz4.compress(bytes)),
  (bytes) => zstdCompressSync(bytes),
]

const text = Buffer.from('{"id":"1","type":"port.container.damaged"}\n'.repeat(2000))
const anyBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 5000 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 }))
    .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part))),
)

describe('decompression', () => {
  test('returns the bytes that any codec of Kafka compressed', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 4 }), (given, codec) => {
        const bytes = Buffer.from(given)
        const compressed = compress[codec]?.(bytes) ?? bytes
        expect(decompressRecords(codec, compressed).equals(bytes)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test('returns what Snappy has in the frames of Java, also in several that were joined', () => {
    const framed = framedSnappy(text)

    expect(decompressRecords(SNAPPY, framed).equals(text)).toBe(true)
    const twice = decompressRecords(SNAPPY, Buffer.concat([framed, framed]))
    expect(twice.equals(Buffer.concat([text, text]))).toBe(true)
  })

  test('returns what LZ4 has in blocks that depend on each other, with any checksums, and in several frames', async () => {
    const { frames, lines } = JSON.parse(
      await readFile(join(import.meta.dirname, 'fixtures/lz4-frames.json'), 'utf8'),
    )
    const line = (n: number) => `{"id":"${n % 17}","type":"port.container.damaged","n":${n % 23}}`
    const expected = Buffer.from(Array.from({ length: lines }, (_, n) => line(n)).join('\n'))
    const skipped = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('any')])

    expect(frames).toHaveLength(5)
    for (const { name, frame } of frames) {
      const bytes = Buffer.from(frame, 'base64')
      expect(decompressRecords(LZ4, bytes).equals(expected), name).toBe(true)
      const twice = decompressRecords(LZ4, Buffer.concat([skipped, bytes, bytes]))
      expect(twice.equals(Buffer.concat([expected, expected])), name).toBe(true)
    }
  })

  test('ignores the checksum of the header of LZ4, which the first clients made of the wrong bytes', () => {
    const frame = Buffer.from(lz4.compress(text))
    frame.writeUInt8(frame.readUInt8(6) ^ 0xff, 6)

    expect(decompressRecords(LZ4, frame).equals(text)).toBe(true)
  })

  test.each([1, 2, 3, 4])('refuses garbage, nothing, and what is cut off, under codec %i', (codec) => {
    const whole = compress[codec]?.(text) ?? text
    const refuse = (bytes: Buffer) =>
      expect(() => decompressRecords(codec, bytes)).toThrow(`its ${CODECS[codec]} cannot be read`)

    refuse(Buffer.from('not compressed at all'))
    refuse(Buffer.alloc(0))
    for (const length of [1, 5, 12, whole.length >> 1, whole.length - 1]) refuse(whole.subarray(0, length))
  })

  test('refuses bytes of any kind with the same error, and never with wrong bytes that are too many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 4 }), (bytes, codec) => {
        const prefix = codec === LZ4 ? [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0] : []
        try {
          expect(
            decompressRecords(codec, Buffer.from([...prefix, ...bytes]), 10_000).length,
          ).toBeLessThanOrEqual(10_000)
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableRecords)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each([1, 2, 3, 4])(
    'refuses to fill the memory with what a few bytes hold, under codec %i',
    (codec) => {
      const bomb = compress[codec]?.(Buffer.alloc(3_000_000)) ?? text

      expect(decompressRecords(codec, bomb, 3_000_000)).toHaveLength(3_000_000)
      expect(() => decompressRecords(codec, bomb, 2_999_999)).toThrow('more than 2999999 bytes')
    },
  )

  test('refuses a stream of Snappy that is longer or shorter than it says, or copies what it does not have', () => {
    const refuse = (bytes: number[], reason: string) =>
      expect(() => decompressRecords(SNAPPY, Buffer.from(bytes))).toThrow(reason)

    refuse([5, 0, 97], 'not as long as it says')
    refuse([1, 4, 97, 98], 'not as long as it says')
    refuse([5, 0, 97, 1, 9], 'repeats bytes that it does not have')
    refuse([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 97], 'cannot be as long as it says')
  })

  test('refuses codecs that Kafka does not have, and those of others', () => {
    expect(() => decompressRecords(5, text)).toThrow('Kafka has no codec 5')
    expect(() => decompressRecords(GZIP, deflateRawSync(text))).toThrow('its gzip cannot be read')
    expect(() => decompressRecords(ZSTD, gzipSync(text))).toThrow('its zstd cannot be read')
  })
})
