import { isOwnChannel } from '#shared/core/channel.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import {
  dropRepeats,
  type FailedPartition,
  type OpenDeps,
  openBatch,
  runPartitions,
} from '#shared/pipeline/consume/consume.ts'
import { renewalTime } from '#shared/pipeline/history/topic-state.ts'
import type { DeadLetterStore, EventStore, Head, KafkaRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { type PushCounts, type PushDeps, pushEvents } from './push-events.ts'

export type StoreDeps = Omit<OpenDeps, 'store'> & {
  readonly store: EventStore
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetterStore
}
export type DeliverDeps = StoreDeps & PushDeps

/** What became of a batch. */
export type DeliverResult = PushCounts & {
  readonly stored: number
  /** How many of the stored events are not Tidewire's own: the statistics count only these. */
  readonly counted: number
  readonly failed: readonly FailedPartition[]
}

/**
 * Delivers a batch of records of one or more partitions: stores, advances the heads, then matches and pushes
 * (docs/architecture.md, I1). Posts stop at `deadline`, in milliseconds since the epoch. A partition that could not
 * be stored is in `failed`, and the others are delivered. Throws if pushing as a whole fails; the batch may then be
 * delivered again.
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

/**
 * Stores the records of one partition, and then advances its head (docs/architecture.md, I1). Records that are no
 * event go to the dead letters (I9), repeats are dropped (I8). Returns the events to push, in offset order.
 * Throws if a store fails; the same records may then be stored again without loss or repeat.
 */
export async function storeBatch(records: readonly KafkaRecord[], deps: StoreDeps): Promise<StoredEvent[]> {
  const { store, deadLetters } = deps
  const last = records.at(-1)
  if (last === undefined) return []
  const { stream, head, events: decoded, letters } = await openBatch(records, deps)
  const events = await dropRepeats(stream, decoded, deps.claims)
  await Promise.all([store.put(stream, events), ...letters.map((letter) => deadLetters.put(letter))])
  await store.advance(stream, headAfter(records, last.offset, events[0], head))
  const renewed = renewalTime(stream.epoch)
  return renewed === null ? events : events.map((event) => ({ ...event, renewed }))
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
