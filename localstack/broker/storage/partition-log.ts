import { rmSync } from 'node:fs'
import { createAppendSignal } from './append-signal.ts'
import { createProducerStates, type SequenceCheck } from './producer-states.ts'
import { assignOffset, type BatchHeader } from './record-batch.ts'
import type { Segment } from './segment.ts'
import { openSegmentList, type SegmentList } from './segment-list.ts'
import { openStartMark } from './start-mark.ts'

/** As `producer.id.expiration.ms` of Kafka. */
const PRODUCER_EXPIRY_MS = 86_400_000

/** The log of one partition: its records are in the file when `append` returns. */
export type PartitionLog = {
  readonly startOffset: number
  readonly endOffset: number
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Says what to do with a batch of an idempotent producer, before it is appended. */
  checkSequence(header: BatchHeader): SequenceCheck
  /** Appends one validated batch, in which the offset is filled in, and returns its base offset. */
  append(batch: Buffer, header: BatchHeader): number
  /** Whole batches from the one that holds `offset`, at most `maxBytes`; the first one always, if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** Calls `listener` with the bytes of every append (0 when the log goes away); returns how to stop it. */
  onAppend(listener: (bytes: number) => void): () => void
  /** Drops the segments whose last record is older than `retentionMs`; -1 keeps everything. */
  dropExpired(now: number, retentionMs: number): void
  /** Hides the records below `offset` for good and returns the new start. */
  deleteBefore(offset: number): number
  close(): void
  remove(): void
}

/** Opens the log in `directory`, which need not exist. `log` is told when a torn tail was cut off. */
export function openPartitionLog(options: {
  directory: string
  segmentBytes: number
  log(line: string): void
}): PartitionLog {
  const producers = createProducerStates()
  const appended = createAppendSignal()
  const mark = openStartMark(options.directory)
  const segments = openSegmentList({
    ...options,
    onBatch: (header) => producers.record(header, header.maxTimestamp),
  })
  const start = (): number =>
    Math.min(Math.max(segments.all[0]?.baseOffset ?? 0, mark.offset), segments.endOffset)
  const close = (): void => {
    appended.emit(0)
    segments.close()
  }

  return {
    get startOffset() {
      return start()
    },
    get endOffset() {
      return segments.endOffset
    },
    segments: segments.all,
    checkSequence: producers.check,
    append(batch, header) {
      const baseOffset = segments.endOffset
      const placed = { ...header, baseOffset, lastOffset: baseOffset + header.lastOffset - header.baseOffset }
      assignOffset(batch, baseOffset)
      segments.append(batch, placed)
      producers.record(placed, Date.now())
      appended.emit(batch.length)
      return baseOffset
    },
    read(offset, maxBytes, atLeastOne) {
      const segment = offset < segments.endOffset ? segments.find(offset) : undefined
      return segment?.read(offset, maxBytes, atLeastOne) ?? Buffer.alloc(0)
    },
    onAppend: appended.listen,
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
      rmSync(options.directory, { recursive: true, force: true })
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
