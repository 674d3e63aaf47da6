import { closeSync, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { type BatchHeader, batchBytes } from './record-batch.ts'
import { readFully, scanBatches } from './scan-batches.ts'
import { writeFully } from './write-fully.ts'

/** One index entry per so many bytes of log. */
const INDEX_INTERVAL_BYTES = 4096

/** One file of a partition's log. */
export type Segment = {
  readonly baseOffset: number
  readonly bytes: number
  /** Largest record timestamp, ms since 1970; -1 without records. */
  readonly maxTimestamp: number
  append(batch: Buffer, header: BatchHeader): void
  /** Whole batches from the one that holds `offset`, at most `maxBytes` of them; the first one always, if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** The headers from the batch that holds `offset`. */
  headersFrom(offset: number): Iterable<{ header: BatchHeader; position: number }>
  readBatch(position: number, bytes: number): Buffer
  close(): void
  remove(): void
}

type SegmentOptions = {
  path: string
  baseOffset: number
  verify: boolean
  onBatch(header: BatchHeader): void
  onCut(bytes: number): void
}

/**
 * Opens or creates a segment. Its sparse index lives in memory and is rebuilt by walking over the headers;
 * `onBatch` sees each of them. With `verify`, checksums are checked; what follows the last good batch is cut off.
 */
export function openSegment(options: SegmentOptions): Segment {
  const file = openSync(options.path, 'a+', 0o600)
  const index = createSparseIndex()
  let size = 0
  let maxTimestamp = -1
  const note = (header: BatchHeader): void => {
    index.add(header.baseOffset, size)
    size += header.bytes
    maxTimestamp = Math.max(maxTimestamp, header.maxTimestamp)
  }
  for (const header of recover(file, options)) note(header)

  const headersFrom = function* (offset: number) {
    for (const entry of scanBatches(file, index.positionOf(offset), size)) {
      if (entry.header.lastOffset >= offset) yield entry
    }
  }
  const readBatch = (position: number, bytes: number): Buffer => readBytes(file, position, bytes)

  return {
    baseOffset: options.baseOffset,
    get bytes() {
      return size
    },
    get maxTimestamp() {
      return maxTimestamp
    },
    append(batch, header) {
      writeFully(file, batch, size)
      note(header)
    },
    read(offset, maxBytes, atLeastOne) {
      const first = headersFrom(offset)[Symbol.iterator]().next().value
      if (!first || (first.header.bytes > maxBytes && !atLeastOne)) return Buffer.alloc(0)
      const bytes = Math.min(Math.max(maxBytes, first.header.bytes), size - first.position)
      return trimToWholeBatches(readBatch(first.position, bytes))
    },
    headersFrom,
    readBatch,
    close: () => closeSync(file),
    remove() {
      closeSync(file)
      unlinkSync(options.path)
    },
  }
}

/** Yields the headers of the batches that continue each other, then cuts off what follows them. */
function* recover(file: number, options: SegmentOptions): Generator<BatchHeader> {
  const found = fstatSync(file).size
  let size = 0
  let expected = options.baseOffset
  for (const { header } of scanBatches(file, 0, found, options.verify)) {
    if (header.baseOffset !== expected) break
    expected = header.lastOffset + 1
    size += header.bytes
    options.onBatch(header)
    yield header
  }
  if (size === found) return
  ftruncateSync(file, size)
  options.onCut(found - size)
}

function readBytes(file: number, position: number, bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes)
  readFully(file, target, position)
  return target
}

function trimToWholeBatches(buffer: Buffer): Buffer {
  let end = 0
  while (end + 12 <= buffer.length && end + batchBytes(buffer, end) <= buffer.length) {
    end += batchBytes(buffer, end)
  }
  return buffer.subarray(0, end)
}

function createSparseIndex(): {
  add(offset: number, position: number): void
  positionOf(offset: number): number
} {
  const offsets: number[] = []
  const positions: number[] = []
  return {
    add(offset, position) {
      if (positions.length > 0 && position - (positions.at(-1) ?? 0) < INDEX_INTERVAL_BYTES) return
      offsets.push(offset)
      positions.push(position)
    },
    positionOf(offset) {
      let low = 0
      let high = offsets.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((offsets[middle] ?? 0) <= offset) low = middle + 1
        else high = middle
      }
      return positions[low - 1] ?? 0
    },
  }
}
