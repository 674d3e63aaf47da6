import { isOwnChannel } from '#shared/core/channel.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import {
  decodeBatch,
  dropRepeats,
  type FailedPartition,
  openStream,
  runPartitions,
} from '#shared/pipeline/consume/consume.ts'
import { renewalTime } from '#shared/pipeline/history/topic-state.ts'
import type {
  DeadLetterStore,
  DecodeRecord,
  EventStore,
  Head,
  KafkaRecord,
  StoredEvent,
} from '#shared/pipeline/ports.ts'
import { type PushCounts, type PushDeps, pushEvents } from './push-events.ts'

export type DeliverDeps = StoreDeps & PushDeps

/** What became of a batch. */
type DeliverResult = PushCounts & {
  readonly stored: number
  /** How many of them are not Tidewire's own, so that the statistics count them. */
  readonly counted: number
  readonly failed: readonly FailedPartition[]
}

/**
 * Delivers a batch of records, of one or more partitions: store, then head, then match and push (I1). A partition
 * that could not be stored is reported as failed and the others go on. Throws when pushing as a whole fails; the
 * whole batch may then come again.
 */
export async function deliver(
  records: readonly KafkaRecord[],
  deadline: number,
  deps: DeliverDeps,
): Promise<DeliverResult> {
  const { results, failed } = await runPartitions(records, (own) => storeBatch(own, deps))
  const events = results.flat()
  const counts = await pushEvents(events, deadline, deps)
  return {
    ...counts,
    stored: events.length,
    counted: events.filter(({ event }) => !isOwnChannel(event.category)).length,
    failed,
  }
}

export type StoreDeps = {
  readonly store: EventStore
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetterStore
  readonly catalog: Catalog
  readonly decode: DecodeRecord
}

/**
 * Stores the records of one partition, in order, and then advances its head (I1). Records that are no event go to
 * the dead letters (I9), later copies of an event are dropped (I8). Answers the events to push.
 * Throws when a store fails: nothing is lost by running the same records again.
 */
export async function storeBatch(records: readonly KafkaRecord[], deps: StoreDeps): Promise<StoredEvent[]> {
  const { store, deadLetters } = deps
  const last = records.at(-1)
  if (last === undefined) return []
  const decoded = decodeBatch(records, deps)
  const { stream, head } = await openStream(records, decoded, store)
  const events = await dropRepeats(
    stream,
    decoded.flatMap(({ stored }) => stored ?? []),
    deps.claims,
  )
  await Promise.all([
    store.put(stream, events),
    ...decoded.flatMap(({ letter }) => (letter ? [deadLetters.put(letter)] : [])),
  ])
  await store.advance(stream, headAfter(records, last.offset, events[0], head))
  const renewed = renewalTime(stream.epoch)
  return renewed === null ? events : events.map((event) => ({ ...event, renewed }))
}

/** The first event stays the first; the time never falls, so that no record of this life is ever younger than the head. */
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
