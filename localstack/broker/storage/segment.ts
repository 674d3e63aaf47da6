import { fstatSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { writeFileAtomically, writeFully } from './durable-files.ts'
import { readIndexFile, readSummary, type SegmentIndex, type Summary, writeIndexFile } from './index-file.ts'
import type { Lru } from './lru.ts'
import { createProducerStates, type ProducerSnapshot, type ProducerStates } from './producer-states.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  hasValidChecksum,
  readRecordTimes,
  type TimedOffset,
} from './record-batch.ts'
import { readBytes, scanBatches, trimToWholeBatches } from './scan-batches.ts'
import { createSparseIndex, type SparseIndex } from './sparse-index.ts'

/** What the segments of all partitions share, so that their number costs neither descriptors nor memory. */
export type SegmentResources = {
  /** Descriptors by path, opened for appending and reading. */
  files: Lru<number>
  /** The indexes of closed segments by path. */
  indexes: Lru<SparseIndex>
  clock: Clock
  log(line: string): void
}

/** One file of a partition's log. */
export type Segment = {
  readonly baseOffset: number
  readonly summary: Readonly<Summary>
  /** Whole batches from the one that contains `offset`, at most `maxBytes`; the first one always if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** The first record at or above `startOffset` whose timestamp is at least `timestamp` (ms since 1970). */
  findByTime(timestamp: number, startOffset: number): TimedOffset | undefined
  close(): void
  remove(): void
}

/** The last segment of a partition. */
export type ActiveSegment = Segment & {
  /** The time since its first batch, ms. */
  age(): number
  append(batch: Buffer, header: BatchHeader): void
  /** Writes the index file, unless it covers the whole segment already. The next start reads only what comes after. */
  save(producers: ProducerSnapshot): void
  /** The bytes that no index file covers yet. */
  unsavedBytes(): number
}

type Place = { path: string; baseOffset: number }

/** The index file of a segment file. */
export function indexPathOf(path: string): string {
  return path.replace(/\.log$/, '.index')
}

/** A segment that is complete. Nothing of it is read before it is needed, and then its index file first. */
export function openClosedSegment(
  { path, baseOffset }: Place,
  resources: SegmentResources,
  producersBefore: () => ProducerSnapshot,
): Segment {
  const { files, indexes } = resources
  const load = (): SegmentIndex => loadIndex({ path, baseOffset }, resources, producersBefore)
  let known: Summary | undefined
  const summary = (): Summary => {
    known ??= wholeSummary(path) ?? load().summary
    return known
  }
  const close = (): void => {
    files.delete(path)
    indexes.delete(path)
  }
  return {
    baseOffset,
    get summary() {
      return summary()
    },
    ...createReader({
      file: () => descriptorOf(path, files),
      index: () => indexes.get(path, () => load().index),
      bytes: () => summary().bytes,
    }),
    close,
    remove() {
      close()
      removeFiles(path)
    },
  }
}

function wholeSummary(path: string): Summary | undefined {
  const found = readSummary(indexPathOf(path))
  return found?.bytes === statSync(path).size ? found : undefined
}

/** Reads the index file of a closed segment; rebuilds it, with a line in the log, if it is not that of the segment. */
export function loadIndex(
  place: Place,
  resources: SegmentResources,
  producersBefore: () => ProducerSnapshot,
): SegmentIndex {
  const { path } = place
  const found = readIndexFile(indexPathOf(path))
  if (found?.summary.bytes === statSync(path).size) return found
  resources.log(`the index of ${path} is missing or damaged and is rebuilt`)
  return buildIndex(place, resources, producersBefore())
}

/** Builds and writes the index file of a closed segment from its headers. Cuts off what is no batch at its end. */
export function buildIndex(
  place: Place,
  resources: SegmentResources,
  before: ProducerSnapshot,
): SegmentIndex {
  const producers = createProducerStates(resources.clock.elapsed)
  producers.restore(before)
  const built = recover(place, resources, { verify: false, onBatch: producers.record })
  const index = { ...built, producers: producers.snapshot() }
  writeIndexFile(indexPathOf(place.path), index)
  return index
}

/**
 * Opens or creates the last segment. What its index file covers is trusted if the last batch of that is intact; what
 * comes after was perhaps being written when the process was killed, so its checksums are verified, and a torn end is
 * cut off. `producers` is brought to the end of the segment; it is expected to be at its beginning.
 */
export function openActiveSegment(
  place: Place,
  resources: SegmentResources,
  producers: ProducerStates,
): ActiveSegment {
  const { path, baseOffset } = place
  const { files, clock } = resources
  const file = (): number => descriptorOf(path, files)
  const saved = trustedIndex(path, file(), resources.log)
  if (saved) producers.restore(saved.producers)
  const recovered = recover(place, resources, { from: saved, verify: true, onBatch: producers.record })
  const { index } = recovered
  let { summary } = recovered
  let savedBytes = saved?.summary.bytes ?? 0
  const openedAt = clock.elapsed()
  let agedBefore = Math.max(0, clock.now() - summary.createdAt)
  let bornAt = openedAt

  return {
    baseOffset,
    get summary() {
      return summary
    },
    ...createReader({ file, index: () => index, bytes: () => summary.bytes }),
    age: () => (summary.bytes === 0 ? 0 : agedBefore + clock.elapsed() - bornAt),
    append(batch, header) {
      if (summary.bytes === 0) {
        agedBefore = 0
        bornAt = clock.elapsed()
      }
      writeFully(file(), batch, summary.bytes)
      summary = extend({ summary, index }, header, clock.now())
    },
    save(states) {
      if (summary.bytes === savedBytes) return
      writeIndexFile(indexPathOf(path), { summary, index, producers: states })
      savedBytes = summary.bytes
    },
    unsavedBytes: () => summary.bytes - savedBytes,
    close: () => files.delete(path),
    remove() {
      files.delete(path)
      removeFiles(path)
    },
  }
}

/** The index file of the last segment, if the segment has the bytes that it covers: a power failure may have lost them. */
function trustedIndex(path: string, file: number, log: (line: string) => void): SegmentIndex | undefined {
  const found = readIndexFile(indexPathOf(path))
  if (!found) return undefined
  const { bytes, lastPosition } = found.summary
  if (bytes <= fstatSync(file).size) {
    const last = readBytes(file, lastPosition, bytes - lastPosition)
    if (last.length >= BATCH_HEADER_BYTES && batchBytes(last, 0) === last.length && hasValidChecksum(last))
      return found
  }
  log(`${path} is not as its index says, and is verified from its beginning`)
  return undefined
}

/**
 * Reads the headers of a segment's batches after those that `from` covers, as long as their offsets are consecutive, and
 * cuts off the bytes after them. The times of appending are not in the file, but the file system knows the first and last.
 */
function recover(
  { path, baseOffset }: Place,
  { files, log }: SegmentResources,
  options: { from?: SegmentIndex | undefined; verify: boolean; onBatch(header: BatchHeader): void },
): Pick<SegmentIndex, 'summary' | 'index'> {
  const file = descriptorOf(path, files)
  const { size, birthtimeMs, mtimeMs } = fstatSync(file)
  const index = options.from?.index ?? createSparseIndex()
  const known = options.from?.summary ?? emptySummary(baseOffset)
  let summary = known
  for (const { header } of scanBatches(file, summary.bytes, size, options.verify)) {
    if (header.baseOffset !== summary.endOffset) break
    summary = extend({ summary, index }, header, birthtimeMs || mtimeMs)
    options.onBatch(header)
  }
  if (summary !== known) summary = { ...summary, appendedAt: mtimeMs }
  if (summary.bytes < size) {
    const rest = { path, file, position: summary.bytes, size }
    const kept = isTorn(rest) ? '' : `, which are kept in ${keep(rest)}`
    ftruncateSync(file, summary.bytes)
    log(`cut ${size - summary.bytes} torn or corrupt bytes off ${path}${kept}`)
  }
  return { summary, index }
}

type Rest = { path: string; file: number; position: number; size: number }

/** Whether the rest is the beginning of one batch, whose write was never acknowledged. */
function isTorn({ file, position, size }: Rest): boolean {
  const rest = size - position
  return rest < BATCH_HEADER_BYTES || batchBytes(readBytes(file, position, BATCH_HEADER_BYTES), 0) > rest
}

/** Copies bytes beside the segment: after a damaged batch may come records that were acknowledged. Returns where to. */
function keep({ path, file, position, size }: Rest): string {
  const kept = path.replace(/\.log$/, `.cut-at-${position}`)
  writeFileAtomically(kept, readBytes(file, position, size - position))
  return kept
}

function emptySummary(baseOffset: number): Summary {
  return { bytes: 0, lastPosition: 0, endOffset: baseOffset, maxTimestamp: -1, createdAt: 0, appendedAt: 0 }
}

/** Adds a batch to the index and returns the summary with it. */
function extend(
  { summary, index }: Pick<SegmentIndex, 'summary' | 'index'>,
  header: BatchHeader,
  now: number,
): Summary {
  const { bytes: position, maxTimestamp } = summary
  index.add({ offset: header.baseOffset, position, maxTimestampBefore: maxTimestamp })
  return {
    bytes: position + header.bytes,
    lastPosition: position,
    endOffset: header.lastOffset + 1,
    maxTimestamp: Math.max(maxTimestamp, header.maxTimestamp),
    createdAt: position === 0 ? now : summary.createdAt,
    appendedAt: now,
  }
}

function createReader(source: {
  file(): number
  index(): SparseIndex
  bytes(): number
}): Pick<Segment, 'read' | 'findByTime'> {
  return {
    read(offset, maxBytes, atLeastOne) {
      const size = source.bytes()
      const position = source.index().positionOf(offset)
      const file = source.file()
      const first = firstReaching(offset, scanBatches(file, position, size))
      if (!first || (first.header.bytes > maxBytes && !atLeastOne)) return Buffer.alloc(0)
      const bytes = Math.min(Math.max(maxBytes, first.header.bytes), size - first.position)
      return trimToWholeBatches(readBytes(file, first.position, bytes))
    },
    findByTime(timestamp, startOffset) {
      const index = source.index()
      const from = Math.max(index.positionOfTime(timestamp), index.positionOf(startOffset))
      const file = source.file()
      for (const { header, position } of scanBatches(file, from, source.bytes())) {
        if (header.lastOffset < startOffset || header.maxTimestamp < timestamp) continue
        for (const record of readRecordTimes(header, readBytes(file, position, header.bytes))) {
          if (record.offset >= startOffset && record.timestamp >= timestamp) return record
        }
      }
      return undefined
    },
  }
}

function firstReaching<B extends { header: BatchHeader }>(
  offset: number,
  batches: Iterable<B>,
): B | undefined {
  for (const batch of batches) if (batch.header.lastOffset >= offset) return batch
  return undefined
}

function descriptorOf(path: string, files: Lru<number>): number {
  return files.get(path, () => openSync(path, 'a+', 0o600))
}

/** The records first: an index without them is an orphan, records without an index would be indexed again. */
function removeFiles(path: string): void {
  rmSync(path, { force: true })
  rmSync(indexPathOf(path), { force: true })
}
