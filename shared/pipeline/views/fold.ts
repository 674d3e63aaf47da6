import type { Position } from '#shared/core/event.ts'
import { type Claim, type ClaimKey, type ClaimStore, identityOf } from '#shared/pipeline/claim-store.ts'
import {
  type DecodeDeps,
  decodeBatch,
  dropRepeats,
  type FailedPartition,
  openStream,
  runPartitions,
  takeOverReplays,
} from '#shared/pipeline/consume/consume.ts'
import type { UnfoldedPart } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { poll } from '#shared/pipeline/poll.ts'
import type {
  EventLog,
  EventStore,
  KafkaRecord,
  NewRecord,
  StoredEvent,
  Stream,
} from '#shared/pipeline/ports.ts'
import { NO_TELEMETRY, type Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'
import { movesNothing, toFoldInput } from './apply-event.ts'
import { foldEvents, idOf, lettersOf, partsTouched } from './fold-events.ts'
import type { FoldMemory, KnownProgress } from './fold-memory.ts'
import { replayedParts } from './fold-replays.ts'
import { reportFold } from './report-fold.ts'
import {
  FoldError,
  type FoldProgress,
  type PartKey,
  type PartToSave,
  rebuildingError,
  type StoredPart,
  type ViewStore,
} from './view-store.ts'
import type { Views } from './views.ts'

export type FoldDeps = DecodeDeps & {
  readonly store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read' | 'erasures'>
  readonly claims: ClaimStore
  readonly deadLetters: Pick<DeadLetterStore, 'put' | 'get'>
  readonly viewStore: ViewStore
  /** Where the events that follow from others are written. */
  readonly kafka: EventLog
  readonly views: Views
  /** What a warm function knows of its streams. Without it everything is read for each batch. */
  readonly memory?: FoldMemory
  /**
   * Pauses until `deliver` has claimed the events. Without it the fold does not wait, and claims what is not claimed
   * yet.
   */
  readonly sleep?: (ms: number) => Promise<unknown>
  /** How long folding a partition may take, in milliseconds. Without it there is no limit. */
  readonly withinMs?: number
  readonly telemetry?: Telemetry
}

/**
 * How many events of a batch, that are no repeats and not folded yet, a view folds; how many parts they changed, and how
 * many events followed from them.
 */
export type FoldCounts = { readonly events: number; readonly changed: number; readonly emitted: number }

const NOTHING: FoldCounts = { events: 0, changed: 0, emitted: 0 }
/** One stored event of a batch is enough to notice that its topic was created again. */
const COMPARED = 1
/** How often a batch is folded again because another worker has saved its parts meanwhile. */
const MAX_TRIES = 10

/**
 * Folds a batch of records of one or more partitions. Returns the partitions that failed or were not done in time,
 * each with the first offset that must be retried; the others are folded. Never throws.
 */
export async function fold(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
): Promise<{ readonly failed: readonly FailedPartition[] }> {
  const { telemetry = NO_TELEMETRY } = deps
  const foldOwn = async (own: readonly KafkaRecord[]) => {
    const began = Date.now()
    let events: readonly StoredEvent[] = []
    await foldBatch(own, deps, { seen: (touching) => (events = touching) })
    reportFold({ records: own, events, began, folded: Date.now() }, telemetry)
  }
  const { failed } = await runPartitions(records, foldOwn, deps.withinMs)
  telemetry.metrics.count('partitions_failed', failed.length)
  return { failed }
}

/** Returns the views that are missing an event which the fold gave up: all that would have folded it. */
export function viewsMissing(
  record: KafkaRecord,
  { decode, views }: Pick<FoldDeps, 'decode' | 'views'>,
): UnfoldedPart[] {
  try {
    return views.of(decode(record).event.category ?? '').map(({ name }) => ({ view: name }))
  } catch {
    return [] // what is no event is in no view
  }
}

type FoldOptions = {
  readonly isRebuilder?: boolean
  /** Is told which events of the batch a view folds, repeats included. */
  readonly seen?: (events: readonly StoredEvent[]) => void
}

/**
 * Folds the records of one partition: applies them to the parts that do not include them yet, appends the events that
 * follow from them, saves the parts, and then moves the progress up (docs/adr/0010). Records that are no event are
 * left to the dead letters of the `deliver` function; an event that a view cannot use goes to the dead letters with
 * the reason (docs/architecture.md, I9). Events that no view folds cost nothing but the progress, and a topic without
 * views nothing at all. Only the rebuilder folds a stream that is being rebuilt, and it emits nothing.
 * Throws FoldError in that case for any other caller, and what a store throws; folding the same records again loses
 * and doubles nothing.
 */
export async function foldBatch(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
  { isRebuilder = false, seen = () => {} }: FoldOptions = {},
): Promise<FoldCounts> {
  const { memory, views, catalog } = deps
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined || !views.topics(catalog).has(first.topic)) return NOTHING
  const { events: decoded } = decodeBatch(records, deps, 'fold')
  const events = decoded.map(toFoldInput)
  const touching = events.filter(
    (stored) => !movesNothing(stored) && views.of(stored.event.category ?? '').length > 0,
  )
  seen(touching)
  const batch = { records, events, touching, last: last.offset, isRebuilder }
  const known = isRebuilder ? undefined : memory?.continuedBy(first)
  const counts = known && (await foldOnto({ ...known, isRead: false }, batch, deps))
  if (counts) return counts
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    memory?.forget(first)
    const read = await foldOnto(await readBase(first, batch, deps), batch, deps)
    if (read) return read
  }
  throw new Error(`the parts of ${first.topic}-${first.partition} are saved by other workers all the time`)
}

type Batch = {
  readonly records: readonly KafkaRecord[]
  readonly events: readonly StoredEvent[]
  /** The events that a view folds. */
  readonly touching: readonly StoredEvent[]
  /** The offset of the last record. */
  readonly last: number
  readonly isRebuilder: boolean
}

/** What a batch is folded onto: the progress of its stream, as it was read for this batch or is known from earlier ones. */
type Base = KnownProgress & { readonly isRead: boolean }

async function readBase(
  first: KafkaRecord,
  { records, events, isRebuilder }: Batch,
  deps: FoldDeps,
): Promise<Base> {
  const [{ stream }, progress] = await Promise.all([
    openStream(records, events, deps.store, COMPARED),
    readProgress(first, deps.viewStore),
  ])
  if (!isRebuilder) assertOpen(stream, progress)
  const offset = !isRebuilder && progress?.epoch === stream.epoch ? progress.offset : -1
  return { stream, offset, rebuilds: progress?.rebuilds, isRead: true }
}

/** Returns null, and has moved nothing, if the base turns out to be out of date. */
async function foldOnto(base: Base, batch: Batch, deps: FoldDeps): Promise<FoldCounts | null> {
  const { viewStore, views, memory } = deps
  const { stream, isRead } = base
  const fresh = batch.touching.filter(({ offset }) => offset > base.offset)
  const touched = partsTouched(fresh, views)
  const [claimed, known] = await Promise.all([
    claimedOf(fresh, base, batch, deps),
    loadParts(touched, base, batch, deps),
  ])
  if (claimed === null || known === null) return null
  const { events } = claimed
  const { changed, emitted } = await applyBatch(claimed, known, batch, { base, deps })
  const isSaved = changed.length === 0 || (await viewStore.save(changed))
  if (!isSaved) return null
  const from = isRead ? {} : { from: base.offset }
  const by = batch.isRebuilder ? { isRebuilder: true as const } : { rebuilds: base.rebuilds, ...from }
  const isMoved = await viewStore.advance(stream, batch.last, by)
  if (!isMoved && !isRead) return null
  // Where the progress is further already, another worker is ahead of this one.
  if (isMoved && !batch.isRebuilder) {
    const after = new Map(changed.map((part) => [idOf(part), part]))
    const parts = touched.map((key) => {
      const saved = after.get(idOf(key))
      return { key, part: saved ?? known.get(idOf(key)) ?? null, isSaved: saved !== undefined }
    })
    memory?.keep({ stream, offset: batch.last, rebuilds: base.rebuilds }, parts, isRead)
  }
  return { events: events.length, changed: changed.length, emitted }
}

/** The events of a batch to fold, and what some of them are restricted to, by their offsets. */
type Claimed = {
  readonly events: readonly StoredEvent[]
  readonly replayed: ReadonlyMap<number, readonly UnfoldedPart[]>
}

/**
 * Returns the events that are no repeats, with the replays of those that views are missing; null if a claim shows that
 * the epoch of a base that was not read has ended.
 */
async function claimedOf(
  fresh: readonly StoredEvent[],
  { stream, isRead }: Base,
  { isRebuilder }: Batch,
  { claims, sleep, deadLetters, store }: FoldDeps,
): Promise<Claimed | null> {
  if (fresh.length === 0) return { events: [], replayed: new Map() }
  const keys = fresh.map(({ event }) => event)
  const isAlone = sleep === undefined || isRebuilder
  const found = isAlone ? await claims.find(keys) : await afterDeliver(keys, claims, sleep)
  const isOver = (claim: Claim | null) => claim?.topic === stream.topic && (claim.epoch ?? '') > stream.epoch
  if (!isRead && found.some(isOver)) return null
  const known = new Map(keys.map((key, index) => [identityOf(key), found[index] ?? null]))
  const replayed = await replayedParts(fresh, stream, isRebuilder, { claims, deadLetters })
  const others = fresh.filter(({ offset }) => !replayed.has(offset))
  const moved = await takeOverReplays(others, stream, { claims, store })
  const { events: unique } = await dropRepeats(stream, others, claims, async (pairs) =>
    pairs.map((pair) => moved.get(identityOf(pair)) ?? known.get(identityOf(pair)) ?? null),
  )
  const folded = new Set(unique)
  return {
    events: fresh.filter((stored) => folded.has(stored) || replayed.get(stored.offset)?.length),
    replayed,
  }
}

/** The parts that a batch may change, by `idOf`; those that are not there are omitted. */
type KnownParts = ReadonlyMap<string, StoredPart>

/** Returns the parts that a batch may change, as they are at the base; null if a rebuild has begun since. */
async function loadParts(
  touched: readonly PartKey[],
  base: Base,
  { isRebuilder }: Batch,
  { memory, viewStore }: FoldDeps,
): Promise<KnownParts | null> {
  const kept = touched.map((key) => (isRebuilder ? undefined : memory?.part(key)))
  const missing = touched.filter((_, index) => kept[index] === undefined)
  const loaded = missing.length > 0 ? await viewStore.load(missing) : []
  const parts = new Map([...kept, ...loaded].flatMap((part) => (part ? [[idOf(part), part]] : [])))
  if (missing.length === 0 || isRebuilder) return parts
  // Parts that were loaded after a rebuild began may be missing.
  const progress = await readProgress(base.stream, viewStore)
  const isOpen =
    !progress?.isRebuilding && progress?.rebuilds === base.rebuilds && !isAhead(progress, base.stream)
  return isOpen ? parts : null
}

/** Applies the events, and appends what follows from them. Returns the parts to save, and how many events followed. */
async function applyBatch(
  { events, replayed }: Claimed,
  known: KnownParts,
  { records, isRebuilder }: Batch,
  { base: { stream }, deps }: { readonly base: Base; readonly deps: FoldDeps },
): Promise<{ readonly changed: readonly PartToSave[]; readonly emitted: number }> {
  const { kafka, deadLetters } = deps
  const { epoch } = stream
  const erased = isRebuilder ? await erasedOf(events, stream, deps) : NOTHING_ERASED
  const { changed, emitted, faults } = foldEvents(events, epoch, [...known.values()], {
    ...deps,
    emits: !isRebuilder,
    erased,
    replayed,
  })
  await appendInOrder(emitted, kafka)
  const letters = lettersOf(faults, records, (deps.now ?? Date.now)()).filter(
    ({ offset }) => !erased.has(offset),
  )
  await Promise.all(letters.map((letter) => deadLetters.put(letter)))
  const replacing = changed.map((part): PartToSave => {
    const before = known.get(idOf(part))
    return isRebuilder ? part : { ...part, replaces: before?.epoch === epoch ? before.offset : null }
  })
  return { changed: replacing, emitted: emitted.length }
}

const NOTHING_ERASED: ReadonlySet<number> = new Set()

/**
 * Returns the offsets of events that were erased. Only a rebuild asks: an event is erased after it was folded, and folded
 * again only by a rebuild, for which Kafka still has its data.
 */
async function erasedOf(
  events: readonly StoredEvent[],
  stream: Stream,
  { store }: FoldDeps,
): Promise<ReadonlySet<number>> {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) return NOTHING_ERASED
  const erased = await store.erasures(stream, { from: first.offset, to: last.offset })
  return new Set(erased.keys())
}

async function readProgress(
  { topic, partition }: Pick<Position, 'topic' | 'partition'>,
  viewStore: ViewStore,
) {
  return (await viewStore.progress(topic)).get(partition)
}

function isAhead(progress: FoldProgress | undefined, { epoch }: Stream): boolean {
  return progress !== undefined && progress.epoch > epoch
}

/** Throws FoldError if the stream is being rebuilt, or its topic was created again since. */
function assertOpen(stream: Stream, progress: FoldProgress | undefined): void {
  if (progress?.isRebuilding) throw rebuildingError(stream)
  if (isAhead(progress, stream)) {
    const what = `${stream.topic} was created again while its partition ${stream.partition} was folded`
    throw new FoldError('stale_epoch', `${what}; this batch comes again.`)
  }
}

/** Meanwhile `deliver`, which got the batch at the same moment, claims its events, and under load the next batch grows. */
const HEAD_START_MS = 10

/** Waits for the claims of `deliver`. A look at once would find nothing, and cost a request and then a longer pause. */
async function afterDeliver(
  keys: readonly ClaimKey[],
  claims: Pick<ClaimStore, 'find'>,
  sleep: (ms: number) => Promise<unknown>,
): Promise<(Claim | null)[]> {
  await sleep(HEAD_START_MS)
  return untilClaimed(keys, claims, sleep)
}

/** The pauses between looks at the claims: 1.3 s in all. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640]
/** Of more missing claims than this only the last one is waited for, and then all are read. */
const FEW_MISSING = 4

/**
 * Waits up to 1.3 s for the `deliver` function to claim events, which it does before it stores them (docs/architecture.md,
 * I8), and returns their claims, null for those that are not claimed by then. Two functions that claim the same events
 * at the same time pay twice for conditional writes, so the fold only reads the claims. If the wait was in vain it claims
 * the events itself; nothing but the cost depends on it.
 */
export async function untilClaimed(
  keys: readonly ClaimKey[],
  claims: Pick<ClaimStore, 'find'>,
  sleep: (ms: number) => Promise<unknown>,
): Promise<(Claim | null)[]> {
  const found: (Claim | null)[] = keys.map(() => null)
  const look = async () => {
    const missing = [...keys.keys()].filter((index) => found[index] === null)
    const last = missing.slice(-1)
    if (missing.length > FEW_MISSING && (await lookFor(last)) > 0) return null
    const rest = missing.length > FEW_MISSING ? missing.slice(0, -1) : missing
    return (await lookFor(rest)) > 0 ? null : true
  }
  /** Returns how many are still missing. */
  const lookFor = async (indices: readonly number[]): Promise<number> => {
    const wanted = indices.flatMap((index) => keys[index] ?? [])
    const claimed = await claims.find(wanted)
    for (const [at, index] of indices.entries()) found[index] = claimed[at] ?? null
    return claimed.filter((claim) => claim === null).length
  }
  await poll(look, PAUSES_MS, sleep)
  return found
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
