import { type Erasure, erasedForm, erasureOf, isErased } from '#shared/core/erasure.ts'
import type { Position } from '#shared/core/event.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import {
  type DecodeDeps,
  decodeBatch,
  dropRepeats,
  isHeldBy,
  type OpenStream,
  openStream,
  type TakenEvent,
  takeOverReplays,
} from '#shared/pipeline/consume/consume.ts'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { toDeadLetter } from '#shared/pipeline/dead-letters/to-dead-letter.ts'
import { renewalTime } from '#shared/pipeline/history/topic-state.ts'
import { poll } from '#shared/pipeline/poll.ts'
import type { EventStore, Head, KafkaRecord, StoredEvent, Stream } from '#shared/pipeline/ports.ts'
import { NO_TELEMETRY, type Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'

export type StoreDeps = DecodeDeps & {
  readonly store: EventStore
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetterStore
  readonly heads: KnownHeads
  readonly telemetry?: Telemetry
}

type KnownStream = Pick<OpenStream, 'stream' | 'head'>
type Partition = Pick<Position, 'topic' | 'partition'>

/**
 * The heads to which a warm function has advanced its partitions (docs/adr/0017). They may be out of date: `advance` of
 * the event store verifies what is used of them.
 */
export type KnownHeads = {
  /** Returns what is known of the partition of a position, if the position is above its head. */
  below(position: Position): KnownStream | undefined
  keep(stream: Stream, head: Head): void
  forget(partition: Partition): void
}

/** Returns the memory of one function. It has an entry for each partition that the function has stored. */
export function createKnownHeads(): KnownHeads {
  const known = new Map<string, { readonly stream: Stream; readonly head: Head }>()
  const keyOf = ({ topic, partition }: Partition) => `${topic}-${partition}`
  return {
    below(position) {
      const found = known.get(keyOf(position))
      return found && position.offset > found.head.offset ? found : undefined
    },
    keep: (stream, head) => void known.set(keyOf(stream), { stream, head }),
    forget: (partition) => void known.delete(keyOf(partition)),
  }
}

/** How often a batch is stored again because another worker has moved the head meanwhile. */
const MAX_TRIES = 10

/**
 * Stores the records of one partition that are above its head, and then advances it (docs/architecture.md, I1).
 * Records that are no event go to the dead letters (I9), repeats are dropped (I8). A batch above the known head is
 * stored without reading the topic; if the head turns out to be another, or the epoch has ended, the topic is read
 * and the batch stored again. Returns the events to push, in offset order. Throws if a store fails, or other workers
 * move the head all the time; the same records may then be stored again without loss or repeat. What the erasures of
 * the batch name is erased before the head passes them, and what was erased before is returned as it is now.
 */
export async function storeBatch(records: readonly KafkaRecord[], deps: StoreDeps): Promise<StoredEvent[]> {
  const { store, claims, deadLetters, heads, telemetry = NO_TELEMETRY } = deps
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined) return []
  const { events: decoded, letters } = decodeBatch(records, deps, 'deliver')
  let known = heads.below(first)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { stream, head } = known ?? (await openStream(records, decoded, store))
    await takeOverReplays(decoded, stream, deps)
    const { events: unique, taken } = await dropRepeats(stream, decoded, claims)
    // What is at or below the head is stored, or has expired since. Stored again it would outlive the events after it, and
    // a cursor at it would seem to lose nothing (docs/architecture.md, I4).
    const isNew = ({ offset }: Position) => head === undefined || offset > head.offset
    const events = await eraseAgain(
      unique,
      unique.filter((one) => !isNew(one)),
      stream,
      store,
    )
    await Promise.all([
      store.put(stream, events.filter(isNew)),
      ...erasuresIn(events).map(({ offset, at }) => store.erase(stream, offset, at)),
      ...[...letters, ...lettersOfTaken(taken, records, deps)]
        .filter(isNew)
        .map((letter) => deadLetters.put(letter)),
    ])
    const next = headAfter(records, last.offset, events[0], head)
    const isThere = head !== undefined && head.offset >= next.offset
    if (isThere || (await store.advance(stream, next, head))) {
      heads.keep(stream, isThere ? head : next)
      const repeats = decoded.length - unique.length - taken.length
      telemetry.metrics.count('events_repeated', repeats)
      return markRenewed(events, stream)
    }
    heads.forget(stream)
    known = undefined
  }
  throw new Error(`the head of ${first.topic}-${first.partition} is moved by other workers all the time`)
}

/**
 * Erases once more what was erased already of events that come again: a worker that did not know that they were stored
 * may have stored them again since (docs/adr/0032). Above the head nothing can have been erased. Returns all events, and
 * of the erased ones what is left of them.
 */
async function eraseAgain(
  events: readonly StoredEvent[],
  known: readonly StoredEvent[],
  stream: Stream,
  store: EventStore,
): Promise<readonly StoredEvent[]> {
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined) return events
  const erased = await store.erasures(stream, { from: first.offset, to: last.offset })
  await Promise.all([...erased].map(([offset, at]) => store.erase(stream, offset, at)))
  return events.map((stored) => {
    const at = erased.get(stored.offset)
    return at === undefined ? stored : { ...stored, event: erasedForm(stored.event, at) }
  })
}

function erasuresIn(events: readonly StoredEvent[]): Erasure[] {
  return events.flatMap(({ event }) => erasureOf(event) ?? [])
}

/** An event whose id another event has is not lost without a trace: its producer may never have learnt of it. */
function lettersOfTaken(
  taken: readonly TakenEvent[],
  records: readonly KafkaRecord[],
  { now = Date.now }: StoreDeps,
): DeadLetter[] {
  return taken.flatMap(({ stored: { offset, event }, holder }) => {
    const record = records.find((one) => one.offset === offset)
    const place = `offset ${holder.offset} of partition ${holder.partition} of ${holder.topic}`
    const reason = `the id ${JSON.stringify(event.id)} of the source ${JSON.stringify(event.source)} was taken by another event, at ${place}`
    return record
      ? [toDeadLetter(record, { code: 'id_taken', reason, consumer: 'deliver', found: now() })]
      : []
  })
}

/** The first event never changes, and the time never falls: no record of this epoch is ever younger than the head. */
function headAfter(
  records: readonly KafkaRecord[],
  offset: number,
  firstStored: StoredEvent | undefined,
  known: Head | undefined,
): Head {
  const timestamp = Math.max(...records.map((record) => record.timestamp), known?.timestamp ?? -1)
  if (known && known.first <= known.offset) return { offset, first: known.first, timestamp }
  return { offset, first: firstStored?.offset ?? offset + 1, timestamp }
}

/** The pauses between looks at the head: 1.5 s in all. The first shard stores a batch within 3 round trips. */
const PAUSES_MS = [5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 400]

/**
 * Waits until the first shard has stored the records of one partition. Returns the events to push, in offset order: those
 * that are no repeats. Writes nothing, unless the first shard does not come in time; then it stores the batch itself. So a
 * first shard that is dead delays the others, and never stops them. A topic that was created again is noticed as
 * `storeBatch` notices it. Throws what a store throws.
 */
export async function followBatch(
  records: readonly KafkaRecord[],
  deps: StoreDeps,
  sleep: (ms: number) => Promise<unknown>,
): Promise<StoredEvent[]> {
  const last = records.at(-1)
  if (last === undefined) return []
  const { events } = decodeBatch(records, deps, 'deliver')
  const look = async () => {
    const opened = await openStream(records, events, deps.store)
    return opened.head !== undefined && opened.head.offset >= last.offset ? opened : null
  }
  const found = await poll(look, PAUSES_MS, sleep)
  if (found === null) return storeBatch(records, deps)
  const unique = await withoutRepeats(events, found.stored, deps.claims)
  // Since the first shard stored them they may have been erased.
  const current = unique.map((one) => {
    const kept = found.stored.get(one.offset)
    return kept && isErased(kept.event) ? { ...one, event: kept.event } : one
  })
  return markRenewed(current, found.stream)
}

/** Of events up to the head, those that are not stored are repeats, or have expired since; their claims tell which. */
async function withoutRepeats(
  events: readonly StoredEvent[],
  stored: OpenStream['stored'],
  claims: ClaimStore,
): Promise<StoredEvent[]> {
  const absent = events.filter(({ offset }) => !stored.has(offset))
  const holders = absent.length > 0 ? await claims.find(absent.map(({ event }) => event)) : []
  const repeats = new Set(absent.filter((one, index) => holders[index] && !isHeldBy(one, holders[index])))
  return events.filter((one) => !repeats.has(one))
}

function markRenewed(events: readonly StoredEvent[], { epoch }: Stream): StoredEvent[] {
  const renewed = renewalTime(epoch)
  return renewed === null ? [...events] : events.map((event) => ({ ...event, renewed }))
}
