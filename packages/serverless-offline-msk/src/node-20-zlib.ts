const zlib = process.getBuiltinModule('node:zlib')

export const { crc32, gunzipSync } = zlib

/** Node 20 has no zstd. Without it the broker takes the time of a whole batch for that of its records. */
export const zstdDecompressSync = zlib.zstdDecompressSync ?? (() => undefined)
