import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DamagedDataError, readDataFile } from '../../trouble/damaged-data.ts'
import { writeFileAtomically } from './durable-files.ts'
import { createProducerStates, type SequenceCheck } from './producer-states.ts'
import { assignOffset, type BatchHeader, type TimedOffset } from './record-batch.ts'
import type { Segment, SegmentResources } from './segment.ts'
import { openSegmentList } from './segments.ts'

/** What a topic's configs say about the size of its log. */
export type LogLimits = {
  /** -1 keeps everything. */
  retentionMs: number
  segmentBytes: number
  segmentMs: number
}

/** Index files are written after so many bytes of a partition: what a start after a kill verifies at most. */
const SAVE_BYTES = 2 * 1024 * 1024
/** A segment is kept for so long after its last append, however old its records are, as Kafka's check interval is. */
const READABLE_MS = 300_000
/** The share of the retention that one segment may span, so that disk is freed in steps of that size. */
const SEGMENTS_OF_RETENTION = 8
const MIN_SEGMENT_MS = 1_000

/** The log of one partition. */
export type PartitionLog = {
  readonly startOffset: number
  /** The offset of the next record. */
  readonly endOffset: number
  /** The size of its records on the disk. */
  bytes(): number
  /** Returns what to do with a batch of an idempotent producer, before it is appended. */
  checkSequence(header: BatchHeader): SequenceCheck
  /** Appends one validated batch, sets its offset and returns it. The batch is in the file when this returns. */
  append(batch: Buffer, header: BatchHeader): number
  /** Whole batches from the one that contains `offset`, at most `maxBytes`; the first one always if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** The first record at or after `timestamp` (ms since 1970), if there is one. */
  findByTime(timestamp: number): TimedOffset | undefined
  /** The first of the records with the largest timestamp. */
  findLatest(): TimedOffset | undefined
  /** Calls `listener` with the bytes of every append, and with 0 when the log closes. Returns how to stop it. */
  onAppend(listener: (bytes: number) => void): () => void
  /** Drops the segments whose records are all older than the retention at `now`, ms since 1970. */
  dropExpired(now: number): void
  /** Hides the records below `offset` permanently and returns the new start. */
  deleteBefore(offset: number): number
  close(): void
  remove(): void
}

/** Opens the log in `directory`, which need not exist. Logs a line when it cuts off a torn end. */
export function openPartitionLog(options: {
  directory: string
  limits(): LogLimits
  resources: SegmentResources
  /** For tests: how often index files are written. */
  saveBytes?: number
}): PartitionLog {
  const { directory, limits, resources, saveBytes = SAVE_BYTES } = options
  const producers = createProducerStates(resources.clock.elapsed)
  const listeners = new Set<(bytes: number) => void>()
  const mark = openStartMark(directory)
  const segments = openSegmentList({ directory, limits: () => effective(limits()), producers, resources })
  // What was verified now need not be verified again if the process is killed soon.
  segments.save(saveBytes)
  const start = (): number =>
    Math.min(Math.max(segments.all[0]?.baseOffset ?? 0, mark.offset), segments.endOffset)
  const findByTime = (timestamp: number) => findInSegments(segments.all, start(), timestamp)
  // A copy, because a listener that has enough removes itself.
  const emit = (bytes: number): void => {
    for (const listener of [...listeners]) listener(bytes)
  }

  return {
    get startOffset() {
      return start()
    },
    get endOffset() {
      return segments.endOffset
    },
    bytes: () => segments.all.reduce((sum, { summary }) => sum + summary.bytes, 0),
    checkSequence: producers.check,
    append(batch, header) {
      const baseOffset = segments.endOffset
      const placed = { ...header, baseOffset, lastOffset: baseOffset + header.lastOffset - header.baseOffset }
      assignOffset(batch, baseOffset)
      segments.append(batch, placed)
      producers.record(placed)
      segments.save(saveBytes)
      emit(batch.length)
      return baseOffset
    },
    read: (offset, maxBytes, atLeastOne) =>
      offset < segments.endOffset ? segments.read(offset, maxBytes, atLeastOne) : Buffer.alloc(0),
    findByTime,
    findLatest() {
      const latest = Math.max(-1, ...segments.all.map(({ summary }) => summary.maxTimestamp))
      return latest < 0 ? undefined : findByTime(latest)
    },
    onAppend(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dropExpired(now) {
      producers.expire()
      const { retentionMs } = limits()
      if (retentionMs < 0) return
      const expired = (segment: Segment) => isExpired(segment, now, retentionMs)
      // An expired last segment is replaced by an empty one, which keeps the next offset in its name.
      const last = segments.all.at(-1)
      if (last && expired(last)) segments.roll()
      segments.dropWhile(expired)
    },
    deleteBefore(offset) {
      if (offset > start()) {
        mark.raise(offset)
        segments.dropWhile((_segment, next) => next.baseOffset <= offset)
      }
      return start()
    },
    close() {
      emit(0)
      segments.save(1)
      segments.close()
    },
    remove() {
      emit(0)
      segments.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function effective({ retentionMs, segmentBytes, segmentMs }: LogLimits) {
  const share = retentionMs < 0 ? segmentMs : Math.max(MIN_SEGMENT_MS, retentionMs / SEGMENTS_OF_RETENTION)
  return { segmentBytes, segmentMs: Math.min(segmentMs, share) }
}

/**
 * Kafka's rule: all records of the segment are older than the retention. A timestamp after the append, of a producer
 * whose clock is wrong, counts as the time of the append, or it would keep the segment for good.
 */
function isExpired({ summary }: Segment, now: number, retentionMs: number): boolean {
  if (summary.bytes === 0) return false
  const { maxTimestamp, appendedAt } = summary
  const age = now - (maxTimestamp < 0 ? appendedAt : Math.min(maxTimestamp, appendedAt))
  return age > retentionMs && now - appendedAt >= Math.min(retentionMs, READABLE_MS)
}

/** The first record at or above `startOffset` whose timestamp is at least `timestamp`. */
function findInSegments(
  segments: readonly Segment[],
  startOffset: number,
  timestamp: number,
): TimedOffset | undefined {
  for (const segment of segments) {
    if (segment.summary.maxTimestamp < timestamp) continue
    const found = segment.findByTime(timestamp, startOffset)
    if (found) return found
  }
  return undefined
}

function readMark(path: string): number {
  const remedy =
    'Delete the file: records that were deleted on request are there again if their segments are.'
  const text = readDataFile(path, remedy)
  if (text === undefined) return 0
  if (!/^\d{1,15}\s*$/.test(text)) throw new DamagedDataError(path, 'it is no offset', remedy)
  return Number.parseInt(text, 10)
}

/** The offset below which the records of a partition were deleted on request, kept in a file beside its segments. */
type StartMark = {
  readonly offset: number
  raise(offset: number): void
}

function openStartMark(directory: string): StartMark {
  const path = join(directory, 'log-start-offset')
  let marked = readMark(path)
  return {
    get offset() {
      return marked
    },
    raise(offset) {
      mkdirSync(directory, { recursive: true })
      writeFileAtomically(path, String(offset))
      marked = offset
    },
  }
}
