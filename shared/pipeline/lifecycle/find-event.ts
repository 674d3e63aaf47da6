import { Buffer } from 'node:buffer'
import { mayRead, type Subject } from '#shared/core/access/authorize.ts'
import { judgedType } from '#shared/core/erasure.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Claim, ClaimKey, ClaimStore } from '#shared/pipeline/claim-store.ts'
import { isStored } from '#shared/pipeline/history/topic-state.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { EventStore, LogReader, Span, StoredEvent } from '#shared/pipeline/ports.ts'
import type { Lifecycles } from './lifecycles.ts'

/** An event with the epoch of its topic. */
export type FoundEvent = StoredEvent & { readonly epoch: string }

/** Which event is wanted: an id, which different sources may share, and by whom. */
export type WantedEvent = {
  readonly id: string
  readonly source?: string | undefined
  readonly principal: Subject
}

export type FindDeps = {
  readonly claims: ClaimStore
  readonly store: EventStore
  readonly lifecycles: Lifecycles
  readonly clock: Clock
}

/**
 * Returns the stored event with an id, and with a source if one is given. Of several, one with a lifecycle is preferred,
 * then the newest. What the principal may not read does not exist for it. Waits for an event that was just accepted; returns null if there is none within `withinMs`.
 */
export function findEvent(wanted: WantedEvent, withinMs: number, deps: FindDeps): Promise<FoundEvent | null> {
  return pollWithin(() => lookForEvent(wanted, deps), withinMs, deps.clock)
}

async function lookForEvent(
  { id, source, principal }: WantedEvent,
  { claims, store, lifecycles }: Omit<FindDeps, 'clock'>,
): Promise<FoundEvent | null> {
  // What no event can have is looked for nowhere: a table refuses such a key.
  if (![id, source ?? id].every(isKey)) return null
  const wanted = source === undefined ? await claims.findById(id) : await claimOf({ id, source }, claims)
  const found = await Promise.all(wanted.map((claim) => readClaimed({ id, ...claim }, store)))
  const readable = found
    .flat()
    .filter(({ event }) => mayRead(principal, event.category ?? '', judgedType(event)))
  return choose(readable, lifecycles)
}

function isKey(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= ACCEPT_LIMITS.keyBytes
}

async function claimOf({ id, source }: ClaimKey, claims: ClaimStore) {
  const [claim] = await claims.find([{ id, source }])
  return claim ? [{ ...claim, source }] : []
}

/** Returns the refusal for an event that does not exist. */
export function unknownEvent({ id }: Pick<WantedEvent, 'id'>): Refusal {
  const detail = `There is no event "${id}" here, or no longer: "retention" in GET /catalog shows how long events are kept.`
  return new Refusal('not_found', detail)
}

/** Returns the event that has a claim; nothing if it is not stored, or no longer. */
export async function readClaimed(
  { id, source, topic, partition, offset }: ClaimKey & Claim,
  store: EventStore,
): Promise<FoundEvent[]> {
  const { epoch, heads } = await store.topic(topic)
  if (!isStored({ heads }, partition, offset)) return []
  const stored = await store.read({ topic, epoch, partition }, { after: offset - 1, upTo: offset, limit: 1 })
  // After its topic was created again, another event is stored at the position.
  return stored
    .filter(({ event }) => event.id === id && event.source === source)
    .map((event) => ({ ...event, epoch }))
}

function choose(found: readonly FoundEvent[], lifecycles: Lifecycles): FoundEvent | null {
  const rank = ({ event }: FoundEvent) => (lifecycles.of(event.category) ? 1 : 0)
  const [best] = [...found].sort((a, b) => rank(b) - rank(a) || b.timestamp - a.timestamp)
  return best ?? null
}

export type RequireDeps = FindDeps & {
  readonly catalog: Pick<Catalog, 'names'>
  readonly reader: Pick<LogReader, 'held'>
}

/**
 * Returns an event as `findEvent` does, but is certain if there is none: it waits for what Kafka contains at the time of
 * the call. Throws Refusal: `not_found` once all of that is stored and the event is not there, `unavailable` if storing
 * it takes longer than `withinMs`, or Kafka does not report what it contains.
 */
export async function requireEvent(
  wanted: WantedEvent,
  withinMs: number,
  deps: RequireDeps,
): Promise<FoundEvent> {
  const atOnce = await lookForEvent(wanted, deps)
  if (atOnce) return atOnce
  const held = await deps.reader.held(deps.catalog.names).catch((cause: unknown) => {
    throw notKnownYet(wanted, cause)
  })
  const look = async () => {
    const isAllStored = await areStored(held, deps.store) // before the event is looked for, which may be the last stored
    const event = await lookForEvent(wanted, deps)
    return event || isAllStored ? { event } : null
  }
  const found = await pollWithin(look, withinMs, deps.clock)
  if (found === null) throw notKnownYet(wanted)
  if (found.event === null) throw unknownEvent(wanted)
  return found.event
}

/** Whether everything in these spans of Kafka is stored. */
export async function areStored(spans: readonly Span[], store: EventStore): Promise<boolean> {
  const filled = spans.filter(({ from, end }) => from < end)
  const byTopic = [...Map.groupBy(filled, ({ topic }) => topic)]
  const stored = await Promise.all(
    byTopic.map(async ([topic, own]) => {
      const state = await store.topic(topic)
      return own.every(({ partition, end }) => isStored(state, partition, end - 1))
    }),
  )
  return stored.every(Boolean)
}

function notKnownYet({ id }: Pick<WantedEvent, 'id'>, cause?: unknown): Refusal {
  const detail = `Events that were accepted are still being stored, and "${id}" may be among them; nothing was written. Send the request again.`
  return new Refusal('unavailable', detail, { cause, retryAfterSeconds: 2 })
}
