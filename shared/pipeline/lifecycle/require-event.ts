import { Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { isStored } from '#shared/pipeline/history/is-stored.ts'
import { pollWithin } from '#shared/pipeline/history/poll.ts'
import type { EventStore, LogReader, Span } from '#shared/pipeline/ports.ts'
import { type FindDeps, type FoundEvent, lookForEvent, unknownEvent, type WantedEvent } from './find-event.ts'

export type RequireDeps = FindDeps & {
  readonly catalog: Pick<Catalog, 'names'>
  readonly reader: Pick<LogReader, 'held'>
}

/**
 * Finds an event as `findEvent` does, where not to find it must be certain: what Kafka held when it was asked is
 * waited for. Throws Refusal: `not_found` once all of that is stored and the event is not there, `unavailable` when
 * storing it takes longer than the time, or Kafka does not say what it holds.
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

async function areStored(spans: readonly Span[], store: EventStore): Promise<boolean> {
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

function notKnownYet({ id }: WantedEvent, cause?: unknown): Refusal {
  const detail = `Events that were accepted are still being stored, and "${id}" may be among them; nothing was written. Send the request again.`
  return new Refusal('unavailable', detail, { cause, retryAfterSeconds: 2 })
}
