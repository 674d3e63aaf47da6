import type { CloudEvent } from '#shared/core/event.ts'
import type { LogStore, StoredEvent } from '#shared/pipeline/ports.ts'
import { memoryLogStore } from '#shared/testing/memory/memory-log-store.ts'
import { makeEvent, makeStored } from './records.ts'

export type LoggedEvent = {
  readonly topic: string
  readonly partition: number
  readonly timestamp?: number
} & {
  readonly event?: Partial<CloudEvent>
}

/** A log store that holds these events, each at the next offset of its partition, with the heads moved up. */
export async function makeLog(
  events: readonly LoggedEvent[],
): Promise<{ log: LogStore; stored: StoredEvent[] }> {
  const log = memoryLogStore()
  const next = new Map<string, number>()
  const stored: StoredEvent[] = []
  for (const { topic, partition, timestamp, event } of events) {
    const offset = next.get(`${topic}-${partition}`) ?? 0
    next.set(`${topic}-${partition}`, offset + 1)
    const place = { topic, partition, offset, ...(timestamp !== undefined && { timestamp }) }
    stored.push(makeStored(place, makeEvent(`${topic}-${partition}-${offset}`, event)))
  }
  for (const one of stored) await addEvent(log, one)
  return { log, stored }
}

/** Stores one event and moves the head up to it. */
export async function addEvent(log: LogStore, one: StoredEvent): Promise<void> {
  const { topic, partition, offset, timestamp } = one
  const { epoch, heads } = await log.topic(topic)
  const stream = { topic, epoch, partition }
  await log.put(stream, [one])
  await log.advance(stream, { offset, first: heads.get(partition)?.first ?? offset, timestamp })
}

/** A log store from which everything up to an offset has expired. */
export function trimmed(log: LogStore, upTo: number): LogStore {
  const read: LogStore['read'] = (stream, range) =>
    log.read(stream, { ...range, after: Math.max(range.after, upTo) })
  return { ...log, read }
}

export const nameOf = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
  `${topic}-${partition}:${offset}`
