import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { writeFileAtomically } from './durable-files.ts'
import type { ProducerSnapshot } from './producer-states.ts'
import { createSparseIndex, type SparseIndex } from './sparse-index.ts'

/** What is known of a segment, or of the first `bytes` of one that is still written to. */
export type Summary = {
  bytes: number
  /** Where the last batch begins. */
  lastPosition: number
  /** The offset after the last record. */
  endOffset: number
  /** Largest record timestamp, ms since 1970; -1 without records. */
  maxTimestamp: number
  /** When the first and the last batch were appended, ms since 1970. */
  createdAt: number
  appendedAt: number
}

export type SegmentIndex = {
  summary: Summary
  index: SparseIndex
  /** The idempotent producers of the partition after the last batch. */
  producers: ProducerSnapshot
}

// IndexFile => magic · bytes · last_position · end_offset · max_timestamp · created_at · appended_at ·
//              entries_bytes · body_bytes · body_crc · header_crc (of the numbers before) · body
// Body      => entries (sparse-index.ts) · producers as JSON
// All numbers are doubles in the machine's byte order; a file of a machine with the other one has the wrong magic.
const MAGIC = 0x7469_6465_0001
const HEADER_NUMBERS = 11
const HEADER_BYTES = HEADER_NUMBERS * 8

/** Replaces the index file at `path`. It is whole at any moment. */
export function writeIndexFile(path: string, { summary, index, producers }: SegmentIndex): void {
  const entries = index.entries()
  const entriesBytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength)
  const body = Buffer.concat([entriesBytes, Buffer.from(JSON.stringify(producers))])
  const { bytes, lastPosition, endOffset, maxTimestamp, createdAt, appendedAt } = summary
  const header = Float64Array.of(
    MAGIC,
    bytes,
    lastPosition,
    endOffset,
    maxTimestamp,
    createdAt,
    appendedAt,
    entriesBytes.length,
    body.length,
    crc32(body),
    0,
  )
  header[HEADER_NUMBERS - 1] = headerChecksum(header)
  writeFileAtomically(path, Buffer.concat([new Uint8Array(header.buffer), body]))
}

/** The summary in an index file; undefined if the file is missing or damaged. */
export function readSummary(path: string): Summary | undefined {
  if (!existsSync(path)) return undefined
  const bytes = Buffer.allocUnsafeSlow(HEADER_BYTES)
  const file = openSync(path, 'r')
  const count = readSync(file, bytes, 0, HEADER_BYTES, 0)
  closeSync(file)
  return count === HEADER_BYTES ? readHeader(bytes)?.summary : undefined
}

/** The content of an index file; undefined if it is missing or damaged. */
export function readIndexFile(path: string): SegmentIndex | undefined {
  if (!existsSync(path)) return undefined
  // A copy with a buffer of its own, because numbers must be aligned.
  const bytes = new Uint8Array(readFileSync(path))
  const header = readHeader(bytes)
  const body = bytes.subarray(HEADER_BYTES)
  if (!header || body.length !== header.bodyBytes || crc32(body) !== header.bodyChecksum) return undefined
  const entries = new Float64Array(bytes.buffer, HEADER_BYTES, header.entriesBytes / 8)
  const producers = Buffer.from(body.subarray(header.entriesBytes)).toString()
  return {
    summary: header.summary,
    index: createSparseIndex(entries),
    producers: JSON.parse(producers) as ProducerSnapshot,
  }
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < HEADER_BYTES) return undefined
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, HEADER_NUMBERS)
  const [magic, size = 0, lastPosition = 0, endOffset = 0, maxTimestamp = -1, createdAt = 0] = numbers
  const [appendedAt = 0, entriesBytes = 0, bodyBytes = 0, bodyChecksum = 0, checksum] = numbers.subarray(6)
  if (magic !== MAGIC || checksum !== headerChecksum(numbers)) return undefined
  const summary = { bytes: size, lastPosition, endOffset, maxTimestamp, createdAt, appendedAt }
  return { summary, entriesBytes, bodyBytes, bodyChecksum }
}

function headerChecksum(numbers: Float64Array): number {
  return crc32(new Uint8Array(numbers.buffer, numbers.byteOffset, HEADER_BYTES - 8))
}
