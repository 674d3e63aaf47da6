import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompressZstd } from './node-20-zlib.ts'

const text = Buffer.from('the same text again and again, '.repeat(20_000))

test('where Node has no zstd, it is decompressed all the same', () => {
  expect(decompressZstd(zstdCompressSync(text)).equals(text)).toBe(true)
  expect(decompressZstd(zstdCompressSync(text), { maxOutputLength: text.length })).toHaveLength(text.length)
})

test('garbage, what is cut off and what is too large are refused', () => {
  const compressed = zstdCompressSync(text)

  expect(() => decompressZstd(Buffer.from('not compressed at all'))).toThrow()
  expect(() => decompressZstd(compressed.subarray(0, compressed.length >> 1))).toThrow()
  expect(() => decompressZstd(compressed, { maxOutputLength: text.length - 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
  )
})
