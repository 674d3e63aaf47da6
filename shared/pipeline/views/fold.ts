import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import {
  decodeBatch,
  dropRepeats,
  type FailedPartition,
  openStream,
  runPartitions,
} from '#shared/pipeline/consume/consume.ts'
import { isStored } from '#shared/pipeline/history/topic-state.ts'
import { poll } from '#shared/pipeline/poll.ts'
import type {
  DeadLetterStore,
  DecodeRecord,
  EventLog,
  EventStore,
  KafkaRecord,
  Stream,
} from '#shared/pipeline/ports.ts'
import { appendInOrder, foldEvents, lettersOf, partsTouched } from './fold-events.ts'
import {
  FoldError,
  type FoldProgress,
  rebuildingError,
  type StoredPart,
  type ViewStore,
} from './view-store.ts'
import type { Views } from './views.ts'

/**
 * Folds a batch of records, of one or more partitions. A partition that could not be folded is reported with the
 * first offset that must come again, and the others go on. Never throws.
 */
export async function fold(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
): Promise<{ readonly failed: readonly FailedPartition[] }> {
  const { failed } = await runPartitions(records, (own) => foldBatch(own, deps))
  return { failed }
}

export type FoldDeps = {
  readonly store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read'>
  readonly claims: ClaimStore
  readonly deadLetters: Pick<DeadLetterStore, 'put'>
  readonly viewStore: ViewStore
  /** Where what follows from an event is written. */
  readonly kafka: EventLog
  readonly catalog: Catalog
  readonly decode: DecodeRecord
  readonly views: Views
  /** Pauses until `deliver` has claimed the events; without it the fold does not wait, and claims what nobody did. */
  readonly sleep?: (ms: number) => Promise<unknown>
}

/** How many events a batch had, how many parts they changed, and how many events followed from them. */
type FoldCounts = { readonly events: number; readonly changed: number; readonly emitted: number }

/** One stored event of a batch tells whether its topic was created anew. */
const COMPARED = 1

/**
 * Folds the records of one partition, in order: applies them to the parts that do not include them yet, appends the
 * events that follow from them, saves the parts, and then moves the progress up (docs/adr/0010). Records that are no
 * event are left to the `deliver` function's dead letters; what a view cannot use goes there with its reason (I9).
 * The rebuilder folds a stream that is marked, and emits nothing; anybody else throws FoldError then, or whatever a
 * store throws: nothing is lost or doubled by running the same records again.
 */
export async function foldBatch(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
  { isRebuilder = false }: { readonly isRebuilder?: boolean } = {},
): Promise<FoldCounts> {
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined) return { events: 0, changed: 0, emitted: 0 }
  const decoded = decodeBatch(records, deps)
  const [{ stream }, progress] = await Promise.all([
    openStream(records, decoded, deps.store, COMPARED),
    readProgress(first, deps),
  ])
  if (!isRebuilder) refuseUnlessOpen(stream, progress)
  if (!isRebuilder && deps.sleep) await untilStored(stream, last.offset, deps.store, deps.sleep)
  const folded = !isRebuilder && progress?.epoch === stream.epoch ? progress.offset : -1
  const fresh = decoded.flatMap(({ stored }) => (stored && stored.offset > folded ? [stored] : []))
  const [events, known] = await Promise.all([
    dropRepeats(stream, fresh, deps.claims, { looksFirst: true }),
    deps.viewStore.load(partsTouched(fresh, deps)),
  ])
  // Once more: parts that were loaded after a rebuild began may be missing.
  if (!isRebuilder) refuseUnlessOpen(stream, await readProgress(first, deps))
  const parts = known.filter((part): part is StoredPart => part !== null)
  const { changed, emitted, faults } = foldEvents(events, stream.epoch, parts, {
    ...deps,
    emits: !isRebuilder,
  })
  await appendInOrder(emitted, deps.kafka)
  await Promise.all(lettersOf(faults, records).map((letter) => deps.deadLetters.put(letter)))
  await deps.viewStore.save(changed)
  await deps.viewStore.advance(
    stream,
    last.offset,
    isRebuilder ? { isRebuilder } : { rebuilds: progress?.rebuilds },
  )
  return { events: events.length, changed: changed.length, emitted: emitted.length }
}

async function readProgress({ topic, partition }: KafkaRecord, { viewStore }: FoldDeps) {
  return (await viewStore.progress(topic)).get(partition)
}

function refuseUnlessOpen(stream: Stream, progress: FoldProgress | undefined): void {
  if (progress?.isRebuilding) throw rebuildingError(stream)
  if (progress && progress.epoch > stream.epoch) {
    const what = `${stream.topic} was created anew while its partition ${stream.partition} was folded`
    throw new FoldError('stale_epoch', `${what}; this batch comes again.`)
  }
}

/** After so many pauses of 20 ms and twice as long each, 1.3 s in all, nobody waits any longer. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640]

/**
 * Waits for the `deliver` function to store a stream up to an offset, for a little more than a second. It claims what
 * it stores (I8), so the fold need only read those claims: two functions that claim the same events at the same time
 * pay twice for conditional writes. Whoever has waited in vain claims for itself; nothing but the cost depends on it.
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
