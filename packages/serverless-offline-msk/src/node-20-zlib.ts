import { Decompress } from 'fzstd'

const zlib = process.getBuiltinModule('node:zlib')

export const { crc32, gunzipSync } = zlib

type Limit = { readonly maxOutputLength?: number }

/** Decompresses zstd as `zstdDecompressSync` of later versions of Node does. Throws for what is none, or is too large. */
export function decompressZstd(
  bytes: Uint8Array,
  { maxOutputLength = Number.POSITIVE_INFINITY }: Limit = {},
): Buffer {
  const chunks: Uint8Array[] = []
  let length = 0
  const stream = new Decompress((chunk) => {
    length += chunk.length
    if (length > maxOutputLength)
      throw Object.assign(new RangeError('the records are too large'), { code: 'ERR_BUFFER_TOO_LARGE' })
    chunks.push(chunk)
  })
  stream.push(bytes, true)
  return Buffer.concat(chunks)
}

/** Node 20 has no zstd. */
export const zstdDecompressSync = zlib.zstdDecompressSync ?? decompressZstd
