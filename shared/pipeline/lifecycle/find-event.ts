import { Refusal } from '#shared/core/refusal.ts'
import type { Claim, ClaimKey, ClaimStore } from '#shared/pipeline/claim-store.ts'
import { isStored } from '#shared/pipeline/history/is-stored.ts'
import { type Clock, pollWithin } from '#shared/pipeline/history/poll.ts'
import type { EventStore, StoredEvent } from '#shared/pipeline/ports.ts'
import type { Lifecycles } from './lifecycles.ts'

/** An event with the epoch of its topic. */
export type FoundEvent = StoredEvent & { readonly epoch: string }

/** What somebody looks for: an id, which different sources may share. */
export type WantedEvent = { readonly id: string; readonly source?: string | undefined }

export type FindDeps = {
  readonly claims: ClaimStore
  readonly store: EventStore
  readonly lifecycles: Lifecycles
  readonly clock: Clock
}

/**
 * The stored event with an id, and with a source if one is named. Of several it is one with a lifecycle, and of these
 * the newest. What was accepted a moment ago is waited for; null when there is none within the time.
 */
export function findEvent(wanted: WantedEvent, withinMs: number, deps: FindDeps): Promise<FoundEvent | null> {
  return pollWithin(() => lookForEvent(wanted, deps), withinMs, deps.clock)
}

/** The same, without waiting. */
export async function lookForEvent(
  { id, source }: WantedEvent,
  { claims, store, lifecycles }: Omit<FindDeps, 'clock'>,
): Promise<FoundEvent | null> {
  const claimed = await claims.findById(id)
  const wanted = claimed.filter((claim) => source === undefined || claim.source === source)
  const found = await Promise.all(wanted.map((claim) => readClaimed({ id, ...claim }, store)))
  return choose(found.flat(), lifecycles)
}

/** The refusal where there is no such event. */
export function unknownEvent({ id }: WantedEvent): Refusal {
  return new Refusal('not_found', `There is no event "${id}" here.`)
}

async function readClaimed(
  { id, source, topic, partition, offset }: ClaimKey & Claim,
  store: EventStore,
): Promise<FoundEvent[]> {
  const { epoch, heads } = await store.topic(topic)
  if (!isStored({ heads }, partition, offset)) return []
  const stored = await store.read({ topic, epoch, partition }, { after: offset - 1, upTo: offset, limit: 1 })
  // After its topic was created anew another event stands there.
  return stored
    .filter(({ event }) => event.id === id && event.source === source)
    .map((event) => ({ ...event, epoch }))
}

function choose(found: readonly FoundEvent[], lifecycles: Lifecycles): FoundEvent | null {
  const rank = ({ event }: FoundEvent) => (lifecycles.of(event.category) ? 1 : 0)
  const [best] = [...found].sort((a, b) => rank(b) - rank(a) || b.timestamp - a.timestamp)
  return best ?? null
}
