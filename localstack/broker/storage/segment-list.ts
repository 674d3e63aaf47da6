import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchHeader } from './record-batch.ts'
import { openSegment, type Segment } from './segment.ts'

const SUFFIX = '.log'

/** The segments of one partition, oldest first. */
export type SegmentList = {
  readonly all: readonly Segment[]
  /** The offset that the next record gets. */
  readonly endOffset: number
  append(batch: Buffer, header: BatchHeader): void
  /** The segment that holds `offset`, or would. */
  find(offset: number): Segment | undefined
  /** Starts a new, empty segment, which keeps the next offset in its name. */
  roll(): void
  /** Deletes the oldest segments while they are expendable; the last one always stays. */
  dropWhile(expendable: (segment: Segment, next: Segment) => boolean): void
  close(): void
}

/**
 * Opens the segments of a directory. The last one may have been written to when the process was killed,
 * so its checksums are verified. `onBatch` sees the header of every batch that is found.
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
