import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ProducerSnapshot, ProducerStates } from './producer-states.ts'
import type { BatchHeader } from './record-batch.ts'
import {
  type ActiveSegment,
  buildIndex,
  indexPathOf,
  loadIndex,
  openActiveSegment,
  openClosedSegment,
  type Segment,
  type SegmentResources,
} from './segment.ts'

const SUFFIX = '.log'
const SEGMENT_NAME = /^\d{20}\.log$/

/** The segments of one partition, oldest first. */
export type SegmentList = {
  readonly all: readonly Segment[]
  /** The offset of the next record. */
  readonly endOffset: number
  append(batch: Buffer, header: BatchHeader): void
  /** Whole batches from the one that contains `offset`, at most `maxBytes`; the first one always if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer
  /** Writes the index file of the last segment if it has grown by `bytes` since. Failures are logged. */
  save(bytes: number): void
  /** Starts a new, empty segment, which keeps the next offset in its name. */
  roll(): void
  /** Deletes the oldest segments while `expendable` returns true; never the last one. */
  dropWhile(expendable: (segment: Segment, next: Segment) => boolean): void
  close(): void
}

/**
 * Opens the segments of a directory, and brings `producers` to the end of the last one. Closed segments are not read;
 * those that have no index file, because they are of an older version, get one now.
 */
export function openSegmentList(options: {
  directory: string
  /** When the last segment is full: its size, and the age of its first batch in ms. */
  limits(): { segmentBytes: number; segmentMs: number }
  producers: ProducerStates
  resources: SegmentResources
}): SegmentList {
  const { directory, limits, producers, resources } = options
  const pathOf = (baseOffset: number): string =>
    join(directory, `${String(baseOffset).padStart(20, '0')}${SUFFIX}`)
  const placeOf = (baseOffset: number) => ({ path: pathOf(baseOffset), baseOffset })
  const closed: Segment[] = []
  /** The producers at the beginning of a segment: those at the end of the one before. */
  const producersAt = (baseOffset: number): ProducerSnapshot => {
    const before = closed.findLast((segment) => segment.baseOffset < baseOffset)?.baseOffset
    if (before === undefined) return []
    return loadIndex(placeOf(before), resources, () => producersAt(before)).producers
  }
  const addClosed = (baseOffset: number): void => {
    const before = () => producersAt(baseOffset)
    closed.push(openClosedSegment(placeOf(baseOffset), resources, before))
  }
  const openActive = (baseOffset: number): ActiveSegment =>
    openActiveSegment(placeOf(baseOffset), resources, producers)

  const bases = cleanDirectory(directory)
  const last = bases.pop()
  bases.forEach(addClosed)
  indexOlder(bases)
  if (last !== undefined) producers.restore(producersAt(last))
  let active = last === undefined ? undefined : openActive(last)

  function indexOlder(complete: readonly number[]): void {
    const missing = complete.filter((base) => !existsSync(indexPathOf(pathOf(base))))
    if (missing.length === 0) return
    resources.log(`indexing ${missing.length} of ${complete.length} segments in ${directory}`)
    for (const base of missing) buildIndex(placeOf(base), resources, producersAt(base))
  }

  function save(bytes: number): void {
    if (!active || active.unsavedBytes() < bytes) return
    try {
      active.save(producers.snapshot())
    } catch (error) {
      // The records are stored, and a missing index is built when it is needed.
      resources.log(`could not write the index of ${pathOf(active.baseOffset)}: ${error}`)
    }
  }

  const endOffset = (): number => active?.summary.endOffset ?? 0
  const roll = (): ActiveSegment => {
    const next = endOffset()
    if (active?.summary.bytes === 0) return active
    if (active) save(1)
    else mkdirSync(directory, { recursive: true })
    // On a full disk this throws, and the segment that is full goes on as the last one.
    const opened = openActive(next)
    if (active) addClosed(active.baseOffset)
    active = opened
    return active
  }
  /** The first append creates the directory, so that an unused partition costs no file. */
  const writable = (): ActiveSegment => {
    if (!active) return roll()
    const { segmentBytes, segmentMs } = limits()
    return active.summary.bytes >= segmentBytes || active.age() >= segmentMs ? roll() : active
  }
  const all = (): Segment[] => (active ? [...closed, active] : closed)

  return {
    get all() {
      return all()
    },
    get endOffset() {
      return endOffset()
    },
    append: (batch, header) => writable().append(batch, header),
    read(offset, maxBytes, atLeastOne) {
      const segments = all()
      const at = segments.findLastIndex((segment) => segment.baseOffset <= offset)
      // A segment that has lost its end does not end the log: as in Kafka, the next one is read.
      const segment = segments.slice(at).find(({ summary }) => summary.endOffset > offset)
      return segment?.read(offset, maxBytes, atLeastOne) ?? Buffer.alloc(0)
    },
    save,
    roll: () => void roll(),
    dropWhile(expendable) {
      for (let [first, next] = all(); first && next && expendable(first, next); [first, next] = all()) {
        closed.shift()?.remove()
      }
    },
    close() {
      for (const segment of all()) segment.close()
    },
  }
}

/** The base offsets of a directory's segments. Removes what a killed process has left of others. */
function cleanDirectory(directory: string): number[] {
  if (!existsSync(directory)) return []
  const names = readdirSync(directory)
  const segments = new Set(names.filter((name) => SEGMENT_NAME.test(name)))
  for (const name of names) {
    const isOrphan = name.endsWith('.index') && !segments.has(name.replace(/index$/, 'log'))
    if (isOrphan || name.endsWith('.tmp')) rmSync(join(directory, name), { force: true })
  }
  return [...segments].map((name) => Number.parseInt(name, 10)).sort((left, right) => left - right)
}
