const zlib = process.getBuiltinModule('node:zlib')

export const { crc32, gunzipSync } = zlib

function missing(): never {
  throw new Error('zstd needs Node 22.15 or later')
}

/** Node 20 has no zstd. */
export const zstdDecompressSync = zlib.zstdDecompressSync ?? missing
