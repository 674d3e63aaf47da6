import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import { openStream } from '#shared/pipeline/history/open-stream.ts'
import type {
  DeadLetterStore,
  DecodeRecord,
  EventStore,
  Head,
  KafkaRecord,
  StoredEvent,
} from '#shared/pipeline/ports.ts'
import { decodeBatch } from './decode-batch.ts'
import { dropRepeats } from './drop-repeats.ts'
import { renewalTime } from './epoch.ts'

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
