import type { CloudEvent } from '#shared/core/event.ts'
import type { EventStore, StoredEvent } from '#shared/pipeline/ports.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { makeEvent, makeStored } from './records.ts'

export type LoggedEvent = {
  readonly topic: string
  readonly partition: number
  readonly timestamp?: number
} & {
  readonly event?: Partial<CloudEvent>
}

/** Returns a store with these events, each at the next offset of its partition, and the heads at the last of them. */
export async function makeLog(
  events: readonly LoggedEvent[],
): Promise<{ store: EventStore; stored: StoredEvent[] }> {
  const store = memoryEventStore()
  const next = new Map<string, number>()
  const stored: StoredEvent[] = []
  for (const { topic, partition, timestamp, event } of events) {
    const offset = next.get(`${topic}-${partition}`) ?? 0
    next.set(`${topic}-${partition}`, offset + 1)
    const place = { topic, partition, offset, ...(timestamp !== undefined && { timestamp }) }
    stored.push(makeStored(place, makeEvent(`${topic}-${partition}-${offset}`, event)))
  }
  for (const one of stored) await addEvent(store, one)
  return { store, stored }
}

/** Stores one event and advances the head to it. */
export async function addEvent(store: EventStore, one: StoredEvent): Promise<void> {
  const { topic, partition, offset, timestamp } = one
  const { epoch, heads } = await store.topic(topic)
  const stream = { topic, epoch, partition }
  await store.put(stream, [one])
  const known = heads.get(partition)
  await store.advance(stream, { offset, first: known?.first ?? offset, timestamp }, known)
}

/** Returns a store in which everything up to an offset has expired. */
export function trimmed(store: EventStore, upTo: number): EventStore {
  return {
    ...store,
    read: (stream, range) => store.read(stream, { ...range, after: Math.max(range.after, upTo) }),
    firstLive: async (_, head, after) =>
      after >= upTo || head.first > upTo ? after + 1 : Math.min(upTo, head.offset) + 1,
    firstSince: async (stream, head, time) =>
      Math.max(await store.firstSince(stream, head, time), Math.min(upTo, head.offset) + 1),
  }
}

export const nameOf = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
  `${topic}-${partition}:${offset}`
