import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from './durable-files.ts'
import { createProducerStates, type SequenceCheck } from './producer-states.ts'
import { assignOffset, type BatchHeader, readRecordTimes, type TimedOffset } from './record-batch.ts'
import { openSegmentList, type Segment, type SegmentList } from './segments.ts'

/** As `producer.id.expiration.ms` of Kafka. */
const PRODUCER_EXPIRY_MS = 86_400_000

/** The log of one partition. */
export type PartitionLog = {
  readonly startOffset: number
  /** The offset of the next record. */
  readonly endOffset: number
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
  /** Drops the segments whose last record is older than `retentionMs`; -1 keeps everything. */
  dropExpired(now: number, retentionMs: number): void
  /** Hides the records below `offset` permanently and returns the new start. */
  deleteBefore(offset: number): number
  close(): void
  remove(): void
}

/** Opens the log in `directory`, which need not exist. Logs a line when it cuts off a torn end. */
export function openPartitionLog(options: {
  directory: string
  segmentBytes: number
  log(line: string): void
}): PartitionLog {
  const { directory } = options
  const producers = createProducerStates()
  const listeners = new Set<(bytes: number) => void>()
  const mark = openStartMark(directory)
  const segments = openSegmentList({
    ...options,
    onBatch: (header) => producers.record(header, header.maxTimestamp),
  })
  const start = (): number =>
    Math.min(Math.max(segments.all[0]?.baseOffset ?? 0, mark.offset), segments.endOffset)
  const findByTime = (timestamp: number) => findInSegments(segments.all, start(), timestamp)
  // A copy, because a listener that has enough removes itself.
  const emit = (bytes: number): void => {
    for (const listener of [...listeners]) listener(bytes)
  }
  const close = (): void => {
    emit(0)
    segments.close()
  }

  return {
    get startOffset() {
      return start()
    },
    get endOffset() {
      return segments.endOffset
    },
    checkSequence: producers.check,
    append(batch, header) {
      const baseOffset = segments.endOffset
      const placed = { ...header, baseOffset, lastOffset: baseOffset + header.lastOffset - header.baseOffset }
      assignOffset(batch, baseOffset)
      segments.append(batch, placed)
      producers.record(placed, Date.now())
      emit(batch.length)
      return baseOffset
    },
    read(offset, maxBytes, atLeastOne) {
      const segment = offset < segments.endOffset ? segments.find(offset) : undefined
      return segment?.read(offset, maxBytes, atLeastOne) ?? Buffer.alloc(0)
    },
    findByTime,
    findLatest() {
      const latest = Math.max(-1, ...segments.all.map(({ maxTimestamp }) => maxTimestamp))
      return latest < 0 ? undefined : findByTime(latest)
    },
    onAppend(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dropExpired(now, retentionMs) {
      producers.expire(now - PRODUCER_EXPIRY_MS)
      if (retentionMs >= 0) dropExpiredSegments(segments, now - retentionMs)
    },
    deleteBefore(offset) {
      if (offset > start()) {
        mark.raise(offset)
        segments.dropWhile((_segment, next) => next.baseOffset <= offset)
      }
      return start()
    },
    close,
    remove() {
      close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** An expired last segment is replaced by an empty one, which keeps the next offset in its name. */
function dropExpiredSegments(segments: SegmentList, before: number): void {
  const expired = (segment: Segment) => segment.bytes > 0 && segment.maxTimestamp < before
  const last = segments.all.at(-1)
  if (last && expired(last)) segments.roll()
  segments.dropWhile(expired)
}

/** The first record at or above `startOffset` whose timestamp is at least `timestamp`. */
function findInSegments(
  segments: readonly Segment[],
  startOffset: number,
  timestamp: number,
): TimedOffset | undefined {
  for (const segment of segments) {
    if (segment.maxTimestamp < timestamp) continue
    for (const { header, position } of segment.headersFrom(startOffset)) {
      if (header.maxTimestamp < timestamp) continue
      for (const record of readRecordTimes(header, segment.readBatch(position, header.bytes))) {
        if (record.offset >= startOffset && record.timestamp >= timestamp) return record
      }
    }
  }
  return undefined
}

/** The offset below which the records of a partition were deleted on request, kept in a file beside its segments. */
type StartMark = {
  readonly offset: number
  raise(offset: number): void
}

function openStartMark(directory: string): StartMark {
  const path = join(directory, 'log-start-offset')
  let marked = existsSync(path) ? Number.parseInt(readFileSync(path, 'utf8'), 10) : 0
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
