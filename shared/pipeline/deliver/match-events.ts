import { patternsCovering } from '#shared/core/channel.ts'
import { passesFilter } from '#shared/core/interest.ts'
import type { StoredEvent, Subscription } from '#shared/pipeline/ports.ts'

/** What one connection gets of a batch: indices into the batch's events, and the subscriptions that match them. */
export type Delivery = {
  readonly connection: string
  readonly subscriptions: readonly Subscription[]
  readonly events: readonly number[]
}

/** The deliveries of a batch, and the subscriptions that match but get nothing because they are behind. */
export type Matched = { readonly deliveries: readonly Delivery[]; readonly behind: readonly Subscription[] }

/** The maximum difference between the clocks of two functions, in milliseconds. Resuming once too often is harmless. */
const CLOCK_SKEW_MS = 2000

/** Returns every pattern that may cover one of the events: the keys to look subscriptions up by. */
export function patternsOf(events: readonly StoredEvent[]): string[] {
  const channels = new Set(events.map(({ event }) => event.category ?? ''))
  return [...new Set([...channels].flatMap((channel) => (channel === '' ? [] : patternsCovering(channel))))]
}

/**
 * Matches a batch with the subscriptions found under its patterns. Returns one delivery for each connection. A
 * subscription that is behind under one pattern is behind under all (docs/architecture.md, I6), since its mark may
 * not have reached every pattern yet. So is one that was registered before the topic was created again: its cursor
 * would drop the low offsets of the new epoch.
 */
export function matchEvents(
  events: readonly StoredEvent[],
  found: ReadonlyMap<string, readonly Subscription[]>,
): Matched {
  const marked = findBehind(found)
  const behind = new Map<string, Subscription>()
  const deliveries = collectDeliveries()
  const byChannel = new Map<string, readonly Subscription[]>()
  for (const [index, { event, renewed }] of events.entries()) {
    if (event.category === undefined) continue
    const candidates = byChannel.get(event.category) ?? candidatesOf(event.category, found)
    byChannel.set(event.category, candidates)
    for (const subscription of candidates) {
      if (!passesFilter(subscription.filter, event)) continue
      const isStale = renewed !== undefined && subscription.registration < renewed + CLOCK_SKEW_MS
      const isBehind = marked.size > 0 && marked.has(refOf(subscription))
      if (isStale || isBehind) behind.set(refOf(subscription), subscription)
      else deliveries.add(subscription, index)
    }
  }
  return { deliveries: deliveries.list(), behind: [...behind.values()] }
}

function candidatesOf(channel: string, found: ReadonlyMap<string, readonly Subscription[]>): Subscription[] {
  return patternsCovering(channel).flatMap((pattern) => found.get(pattern) ?? [])
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

/** Events are added in the order of their indices. */
function collectDeliveries() {
  type Collected = { readonly subscriptions: Map<string, Subscription>; readonly events: number[] }
  const byConnection = new Map<string, Collected>()
  return {
    add(subscription: Subscription, index: number): void {
      const { connection, id } = subscription
      const delivery: Collected = byConnection.get(connection) ?? { subscriptions: new Map(), events: [] }
      byConnection.set(connection, delivery)
      delivery.subscriptions.set(id, subscription)
      if (delivery.events.at(-1) !== index) delivery.events.push(index)
    },
    list: (): Delivery[] =>
      [...byConnection].map(([connection, { subscriptions, events }]) => ({
        connection,
        subscriptions: [...subscriptions.values()],
        events,
      })),
  }
}
