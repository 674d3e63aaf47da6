import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeFully } from './durable-files.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  hasValidChecksum,
  magicOf,
  readBatchHeader,
} from './record-batch.ts'

const SUFFIX = '.log'
/** The bytes of log for each index entry. */
const INDEX_INTERVAL_BYTES = 4096
const WINDOW_BYTES = 64 * 1024

/** The segments of one partition, oldest first. */
export type SegmentList = {
  readonly all: readonly Segment[]
  /** The offset of the next record. */
  readonly endOffset: number
  append(batch: Buffer, header: BatchHeader): void
  /** The segment to which `offset` belongs. */
  find(offset: number): Segment | undefined
  /** Starts a new, empty segment, which keeps the next offset in its name. */
  roll(): void
  /** Deletes the oldest segments while `expendable` returns true; never the last one. */
  dropWhile(expendable: (segment: Segment, next: Segment) => boolean): void
  close(): void
}

/**
 * Opens the segments of a directory. The checksums of the last one are verified, because the process may have been
 * killed while it wrote to it. Calls `onBatch` with the header of every batch.
 */
export function openSegmentList(options: {
  directory: string
  segmentBytes: number
  onBatch(header: BatchHeader): void
  log(line: string): void
}): SegmentList {
  const segments: Segment[] = []
  let endOffset = 0

  const open = (baseOffset: number, verify: boolean): Segment => {
    const path = join(options.directory, `${String(baseOffset).padStart(20, '0')}${SUFFIX}`)
    endOffset = Math.max(endOffset, baseOffset)
    const segment = openSegment({
      path,
      baseOffset,
      verify,
      onBatch(header) {
        endOffset = header.lastOffset + 1
        options.onBatch(header)
      },
      onCut: (bytes) => options.log(`cut ${bytes} torn or corrupt bytes off ${path}`),
    })
    segments.push(segment)
    return segment
  }

  /** The first append creates the directory, so that an unused partition costs no file. */
  const active = (): Segment => {
    const last = segments.at(-1)
    if (last && last.bytes < options.segmentBytes) return last
    if (!last) mkdirSync(options.directory, { recursive: true })
    return open(endOffset, false)
  }

  const bases = baseOffsetsIn(options.directory)
  for (const base of bases) open(base, base === bases.at(-1))

  return {
    all: segments,
    get endOffset() {
      return endOffset
    },
    append(batch, header) {
      active().append(batch, header)
      endOffset = header.lastOffset + 1
    },
    find: (offset) => segments.findLast((segment) => segment.baseOffset <= offset),
    roll: () => void open(endOffset, false),
    dropWhile(expendable) {
      for (let [first, next] = segments; first && next && expendable(first, next); [first, next] = segments) {
        segments.shift()?.remove()
      }
    },
    close() {
      for (const segment of segments.splice(0)) segment.close()
    },
  }
}

function baseOffsetsIn(directory: string): number[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => Number.parseInt(name, 10))
    .sort((left, right) => left - right)
}

/** One file of a partition's log. */
export type Segment = {
  readonly baseOffset: number
  readonly bytes: number
  /** Largest record timestamp, ms since 1970; -1 without records. */
  readonly maxTimestamp: number
  append(batch: Buffer, header: BatchHeader): void
  /** Whole batches from the one that contains `offset`, at most `maxBytes`; the first one always if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** The headers from the batch that contains `offset`, with their positions in the file. */
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
 * Opens or creates a segment. Its sparse index is in memory and is rebuilt from the headers; `onBatch` is called with
 * each of them. With `verify`, checksums are verified. The bytes after the last valid batch are cut off.
 */
function openSegment(options: SegmentOptions): Segment {
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

/** Yields the headers of the batches whose offsets are consecutive, then cuts off the bytes after them. */
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

/**
 * Yields the header and the position of each batch of a segment file from `position` to `end`.
 * Stops before the first batch that is torn or, with `verify`, corrupt.
 */
function* scanBatches(
  file: number,
  position: number,
  end: number,
  verify = false,
): Generator<{ header: BatchHeader; position: number }> {
  const source = createWindow(file, end)
  let at = position
  while (at + BATCH_HEADER_BYTES <= end) {
    const head = source.view(at, BATCH_HEADER_BYTES)
    const bytes = batchBytes(head, 0)
    if (bytes < BATCH_HEADER_BYTES || at + bytes > end || magicOf(head) !== 2) return
    const header = readBatchHeader(head)
    if (verify && !hasValidChecksum(source.view(at, bytes))) return
    yield { header, position: at }
    at += bytes
  }
}

/** Reads a file through a window, so that small batches cost one system call per 64 KiB. */
function createWindow(file: number, end: number): { view(position: number, bytes: number): Buffer } {
  let window = Buffer.alloc(0)
  let start = 0
  return {
    view(position, bytes) {
      if (position < start || position + bytes > start + window.length) {
        window = Buffer.allocUnsafe(Math.min(Math.max(bytes, WINDOW_BYTES), end - position))
        readFully(file, window, position)
        start = position
      }
      return window.subarray(position - start, position - start + bytes)
    },
  }
}

/** Fills `target` from `position` of the file. Throws if the file ends before. */
function readFully(file: number, target: Buffer, position: number): void {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(file, target, done, target.length - done, position + done)
    if (bytes === 0)
      throw new Error(`segment ended at ${position + done}, ${target.length - done} bytes early`)
    done += bytes
  }
}
