import type { Buffer } from 'node:buffer'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { messageOf } from '#shared/core/text/message-of.ts'
import { decompressLz4 } from './lz4-frame.ts'
import { decompressSnappy } from './snappy.ts'
import { UnreadableRecords } from './unreadable-records.ts'

/** The codecs of Kafka by their number, the three low bits of the attributes of a batch; 0 is none. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/**
 * The most bytes that the records of one batch may have. A producer fills a batch up to about 1 MB before it compresses
 * it, and a broker takes 1 MB by default; what is far above that is a mistake, or made to fill the memory.
 */
export const MOST_RECORD_BYTES = 64 * 1024 * 1024

type Decompress = (bytes: Buffer, most: number) => Buffer

const DECOMPRESS: readonly Decompress[] = [
  (bytes) => bytes,
  (bytes, most) => gunzipSync(bytes, { maxOutputLength: most }),
  decompressSnappy,
  decompressLz4,
  (bytes, most) => zstdDecompressSync(bytes, { maxOutputLength: most }),
]

/**
 * Returns the records of a batch, which `codec` compressed. Throws UnreadableRecords with the reason, if they cannot be
 * decompressed, there is no such codec, or they have more than `most` bytes.
 */
export function decompressRecords(codec: number, bytes: Buffer, most = MOST_RECORD_BYTES): Buffer {
  const decompress = DECOMPRESS[codec]
  if (decompress === undefined) throw new UnreadableRecords(`Kafka has no codec ${codec}`)
  try {
    return decompress(bytes, most)
  } catch (cause) {
    const isTooLarge = cause instanceof UnreadableRecords ? cause.isTooLarge : isBufferTooLarge(cause)
    const reason = isTooLarge ? `it holds more than ${most} bytes` : messageOf(cause)
    throw new UnreadableRecords(`its ${CODECS[codec]} cannot be read: ${reason}`, { isTooLarge, cause })
  }
}

function isBufferTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
