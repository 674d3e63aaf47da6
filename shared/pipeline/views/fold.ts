import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import {
  dropRepeats,
  type FailedPartition,
  type OpenDeps,
  openBatch,
  runPartitions,
} from '#shared/pipeline/consume/consume.ts'
import { isStored } from '#shared/pipeline/history/topic-state.ts'
import { poll } from '#shared/pipeline/poll.ts'
import type {
  DeadLetterStore,
  EventLog,
  EventStore,
  KafkaRecord,
  NewRecord,
  Stream,
} from '#shared/pipeline/ports.ts'
import { foldEvents, lettersOf, partsTouched } from './fold-events.ts'
import { FoldError, type FoldProgress, rebuildingError, type ViewStore } from './view-store.ts'
import type { Views } from './views.ts'

export type FoldDeps = OpenDeps & {
  readonly claims: ClaimStore
  readonly deadLetters: Pick<DeadLetterStore, 'put'>
  readonly viewStore: ViewStore
  /** Where the events that follow from others are written. */
  readonly kafka: EventLog
  readonly views: Views
  /**
   * Pauses until `deliver` has claimed the events. Without it the fold does not wait, and claims what is not claimed
   * yet.
   */
  readonly sleep?: (ms: number) => Promise<unknown>
}

/** How many events a batch had, how many parts they changed, and how many events followed from them. */
export type FoldCounts = { readonly events: number; readonly changed: number; readonly emitted: number }

/** One stored event of a batch is enough to notice that its topic was created again. */
const COMPARED = 1

/**
 * Folds a batch of records of one or more partitions. Returns the partitions that failed, each with the first offset
 * that must be retried; the others are folded. Never throws.
 */
export async function fold(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
): Promise<{ readonly failed: readonly FailedPartition[] }> {
  const { failed } = await runPartitions(records, (own) => foldBatch(own, deps))
  return { failed }
}

/**
 * Folds the records of one partition: applies them to the parts that do not include them yet, appends the events that
 * follow from them, saves the parts, and then moves the progress up (docs/adr/0010). Records that are no event are
 * left to the dead letters of the `deliver` function; an event that a view cannot use goes to the dead letters with
 * the reason (docs/architecture.md, I9). Only the rebuilder folds a stream that is being rebuilt, and it emits nothing.
 * Throws FoldError in that case for any other caller, and what a store throws; folding the same records again loses
 * and doubles nothing.
 */
export async function foldBatch(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
  { isRebuilder = false }: { readonly isRebuilder?: boolean } = {},
): Promise<FoldCounts> {
  const { claims, kafka, deadLetters, viewStore } = deps
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined) return { events: 0, changed: 0, emitted: 0 }
  const [{ stream, events: decoded }, progress] = await Promise.all([
    openBatch(records, deps, COMPARED),
    readProgress(first, viewStore),
  ])
  if (!isRebuilder) assertOpen(stream, progress)
  if (!isRebuilder && deps.sleep) await untilStored(stream, last.offset, deps.store, deps.sleep)
  const folded = !isRebuilder && progress?.epoch === stream.epoch ? progress.offset : -1
  const fresh = decoded.filter(({ offset }) => offset > folded)
  const [events, known] = await Promise.all([
    dropRepeats(stream, fresh, claims, { looksFirst: true }),
    viewStore.load(partsTouched(fresh, deps.views)),
  ])
  // Once more: parts that were loaded after a rebuild began may be missing.
  if (!isRebuilder) assertOpen(stream, await readProgress(first, viewStore))
  const parts = known.filter((part) => part !== null)
  const { changed, emitted, faults } = foldEvents(events, stream.epoch, parts, {
    ...deps,
    emits: !isRebuilder,
  })
  await appendInOrder(emitted, kafka)
  await Promise.all(lettersOf(faults, records).map((letter) => deadLetters.put(letter)))
  await viewStore.save(changed)
  const by = isRebuilder ? { isRebuilder } : { rebuilds: progress?.rebuilds }
  await viewStore.advance(stream, last.offset, by)
  return { events: events.length, changed: changed.length, emitted: emitted.length }
}

async function readProgress({ topic, partition }: KafkaRecord, viewStore: ViewStore) {
  return (await viewStore.progress(topic)).get(partition)
}

/** Throws FoldError if the stream is being rebuilt, or its topic was created again since. */
function assertOpen(stream: Stream, progress: FoldProgress | undefined): void {
  if (progress?.isRebuilding) throw rebuildingError(stream)
  if (progress && progress.epoch > stream.epoch) {
    const what = `${stream.topic} was created again while its partition ${stream.partition} was folded`
    throw new FoldError('stale_epoch', `${what}; this batch comes again.`)
  }
}

/** The pauses between looks at the head: 1.3 s in all. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640]

/**
 * Waits up to 1.3 s for the `deliver` function to store a stream up to an offset. `deliver` claims what it stores
 * (docs/architecture.md, I8), so that the fold only reads those claims: two functions that claim the same events at
 * the same time pay twice for conditional writes. If the wait was in vain the fold claims the events itself; nothing
 * but the cost depends on it.
 */
export async function untilStored(
  { topic, partition, epoch }: Stream,
  offset: number,
  store: Pick<EventStore, 'topic'>,
  sleep: (ms: number) => Promise<unknown>,
): Promise<void> {
  const look = async () => {
    const state = await store.topic(topic)
    return state.epoch !== epoch || isStored(state, partition, offset) ? state : null
  }
  await poll(look, PAUSES_MS, sleep)
}

/** Kafka takes at most 1 MB of a partition at once, the frames of the records included. */
const CHUNK = { bytes: 800_000, records: 500 } as const

/** Appends records in their order, as many at once as Kafka takes. */
async function appendInOrder(records: readonly NewRecord[], kafka: EventLog): Promise<void> {
  let chunk: NewRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (chunk.length === CHUNK.records || (chunk.length > 0 && bytes + record.value.length > CHUNK.bytes)) {
      await kafka.append(chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(record)
    bytes += record.value.length
  }
  if (chunk.length > 0) await kafka.append(chunk)
}
