import { patternsCovering } from '#shared/core/channel.ts'
import { passesFilter } from '#shared/core/interest.ts'
import type { StoredEvent, Subscription } from '#shared/pipeline/ports.ts'

/** What one connection gets of a batch: indices into the batch's events, and the subscriptions they concern. */
export type Delivery = {
  readonly connection: string
  readonly subscriptions: readonly Subscription[]
  readonly events: readonly number[]
}

type Pending = { subscriptions: Map<string, Subscription>; events: number[] }

/** How far the clocks of two functions may differ, in milliseconds. To resume once too often does no harm. */
const CLOCK_SKEW = 2000

/** Every pattern that may cover one of the events: the keys to look subscriptions up by. */
export function patternsOf(events: readonly StoredEvent[]): string[] {
  const channels = new Set(events.map(({ event }) => event.category ?? ''))
  return [...new Set([...channels].flatMap((channel) => (channel === '' ? [] : patternsCovering(channel))))]
}

/** Who gets what of a batch, and who would have got something but is behind (I6). */
export type Matched = { readonly deliveries: readonly Delivery[]; readonly behind: readonly Subscription[] }

/**
 * Matches a batch with the subscriptions found under its patterns; one delivery for each connection. Who is behind
 * under one pattern is behind under all: a mark may not have reached every pattern yet. Who subscribed before the
 * topic was created anew is behind as well: its cursor would drop the low offsets of the new life.
 */
export function matchEvents(
  events: readonly StoredEvent[],
  found: ReadonlyMap<string, readonly Subscription[]>,
): Matched {
  const behind = findBehind(found)
  const held = new Map<string, Subscription>()
  const byConnection = new Map<string, Pending>()
  const byChannel = new Map<string, readonly Subscription[]>()
  for (const [index, { event, renewed }] of events.entries()) {
    if (event.category === undefined) continue
    const candidates = byChannel.get(event.category) ?? candidatesOf(event.category, found)
    byChannel.set(event.category, candidates)
    for (const subscription of candidates) {
      if (!passesFilter(subscription.filter, event)) continue
      const isStale = renewed !== undefined && subscription.registration < renewed + CLOCK_SKEW
      const isBehind = behind.size > 0 && behind.has(refOf(subscription))
      if (isStale || isBehind) held.set(refOf(subscription), subscription)
      else addTo(byConnection, subscription, index)
    }
  }
  const deliveries = [...byConnection].map(([connection, delivery]) => ({
    connection,
    subscriptions: [...delivery.subscriptions.values()],
    events: delivery.events,
  }))
  return { deliveries, behind: [...held.values()] }
}

function findBehind(found: ReadonlyMap<string, readonly Subscription[]>): Set<string> {
  const behind = new Set<string>()
  for (const subscriptions of found.values())
    for (const subscription of subscriptions) if (subscription.behind) behind.add(refOf(subscription))
  return behind
}

function refOf({ connection, id, registration }: Subscription): string {
  return JSON.stringify([connection, id, registration])
}

function addTo(byConnection: Map<string, Pending>, subscription: Subscription, index: number): void {
  const { connection, id } = subscription
  const delivery: Pending = byConnection.get(connection) ?? { subscriptions: new Map(), events: [] }
  byConnection.set(connection, delivery)
  delivery.subscriptions.set(id, subscription)
  if (delivery.events.at(-1) !== index) delivery.events.push(index)
}

function candidatesOf(channel: string, found: ReadonlyMap<string, readonly Subscription[]>): Subscription[] {
  return patternsCovering(channel).flatMap((pattern) => found.get(pattern) ?? [])
}
