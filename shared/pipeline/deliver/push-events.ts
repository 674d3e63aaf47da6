import pLimit from 'p-limit'
import { mayRead } from '#shared/core/access/authorize.ts'
import { patternsCovering } from '#shared/core/channel.ts'
import { judgedType } from '#shared/core/erasure.ts'
import { passesFilter } from '#shared/core/interest.ts'
import { EXPIRED, endConnection } from '#shared/pipeline/end-connection.ts'
import type {
  PostResult,
  Reader,
  SocketGateway,
  StoredEvent,
  Subscription,
  SubscriptionStore,
} from '#shared/pipeline/ports.ts'
import { hasEnded, type RevocationStore } from '#shared/pipeline/revocations.ts'
import type { InstanceReporter } from '#shared/pipeline/telemetry/instance-report.ts'
import { buildFrames, type Frames, type WrittenEvent, writeEvent } from './build-frames.ts'

export type PushDeps = {
  readonly subscriptions: SubscriptionStore
  readonly gateway: SocketGateway
  readonly revocations: Pick<RevocationStore, 'current'>
  /** The maximum number of posts at the same time. */
  readonly postsAtOnce: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Counts what is sent to each connection. */
  readonly report?: Pick<InstanceReporter, 'look' | 'countFrames'>
}

/** What a push did: frames and events sent, connections found gone or ended, subscriptions marked behind. */
export type PushCounts = {
  readonly frames: number
  readonly events: number
  readonly gone: number
  readonly ended: number
  readonly behind: number
}

/**
 * A notice must not delay the batch for long. It is optional: the next ping reports a gap too, and a connection that has
 * ended is closed.
 */
const NOTICE_PATIENCE_MS = 250

/**
 * Pushes stored events to their subscribers, to each what it may read: one frame per connection and batch while it fits,
 * each distinct frame serialised once. A connection that is gone is removed (docs/architecture.md, I7), and one whose
 * credential has ended is closed; one that missed a frame is marked behind before this returns (I6). Posts stop at
 * `deadline`, a time of `performance.now()`, and the connections that are left then are behind. Throws if the
 * subscriptions or revocations cannot be read, or a subscription cannot be marked.
 */
export async function pushEvents(
  events: readonly StoredEvent[],
  deadline: number,
  deps: PushDeps,
): Promise<PushCounts> {
  if (events.length === 0) return addCounts([])
  const { subscriptions, postsAtOnce } = deps
  const limit = pLimit(postsAtOnce)
  const [found, revoked] = await Promise.all([
    subscriptions.matching(patternsOf(events)),
    deps.revocations.current(),
    deps.report?.look(),
  ])
  const now = deps.now()
  const isOver = (reader: Reader) => hasEnded(reader, now, revoked)
  const matched = matchEvents(events, found, isOver)
  const confirmed = await confirmEnded(matched.ended, isOver, limit, deps)
  const { deliveries, behind } =
    confirmed.readers.size > 0 ? matchEvents(events, withReaders(found, confirmed.readers), isOver) : matched
  const framesOf = createFrames(events)
  const push = (delivery: Delivery) => settle(delivery, framesOf(delivery), deadline, deps)
  // A worker that marked one of these may have died halfway: some patterns, or the record that a ping reads, lack the mark.
  const finishMark = (subscription: Subscription) => subscriptions.markBehind(subscription)
  const end = (over: readonly Subscription[]) => closeEnded(over, deadline, deps)
  const [counts, ends] = await Promise.all([
    Promise.all(deliveries.map((delivery) => limit(push, delivery))),
    Promise.all(confirmed.over.map((over) => limit(end, over))),
    Promise.all(behind.map((subscription) => limit(finishMark, subscription))),
  ])
  return addCounts([...counts, ...ends])
}

/** Of subscriptions whose reader has ended: those that are over, by connection, and who reads the others now. */
type Confirmed = {
  readonly over: readonly (readonly Subscription[])[]
  readonly readers: ReadonlyMap<string, Reader>
}

/**
 * Asks the connections themselves. One may have got a newer credential, which some of its rows lack: they get it now. One
 * that is not on record any more is over as well.
 */
async function confirmEnded(
  ended: readonly Subscription[],
  isOver: (reader: Reader) => boolean,
  limit: ReturnType<typeof pLimit>,
  { subscriptions }: PushDeps,
): Promise<Confirmed> {
  const readers = new Map<string, Reader>()
  const over: (readonly Subscription[])[] = []
  const confirm = async (connection: string, own: readonly Subscription[]) => {
    const open = await subscriptions.find(connection)
    if (open === null || isOver(open.principal)) return void over.push(own)
    readers.set(connection, open.principal)
    await subscriptions.renew(connection, open.principal)
  }
  const byConnection = Map.groupBy(ended, ({ connection }) => connection)
  await Promise.all([...byConnection].map(([connection, own]) => limit(confirm, connection, own)))
  return { over, readers }
}

function withReaders(
  found: ReadonlyMap<string, readonly Subscription[]>,
  readers: ReadonlyMap<string, Reader>,
): Map<string, readonly Subscription[]> {
  const renew = (subscription: Subscription) => {
    const reader = readers.get(subscription.connection)
    return reader ? { ...subscription, reader } : subscription
  }
  return new Map([...found].map(([pattern, all]) => [pattern, all.map(renew)]))
}

/** Its subscriptions are removed in any case: what cannot be told or closed gets nothing any more, and expires. */
async function closeEnded(
  over: readonly Subscription[],
  deadline: number,
  { subscriptions, gateway }: PushDeps,
): Promise<Partial<PushCounts>> {
  const { connection = '' } = over[0] ?? {}
  const noticeBy = Math.min(deadline, performance.now() + NOTICE_PATIENCE_MS)
  await endConnection(connection, EXPIRED, noticeBy, { subscriptions, gateway, met: over })
  return { ended: 1 }
}

/** Posts one delivery and records what became of it, before the batch is acknowledged. */
async function settle(
  { connection, subscriptions: concerned, events }: Delivery,
  frames: Frames,
  deadline: number,
  { subscriptions, gateway, report }: PushDeps,
): Promise<Partial<PushCounts>> {
  const result = await postAll(connection, frames, deadline, gateway)
  if (result === 'sent') {
    const sent = { frames: frames.frames.length, events: events.length }
    report?.countFrames(connection, sent)
    return sent
  }
  if (result === 'gone') {
    await subscriptions.removeConnection(connection, concerned)
    return { gone: 1 }
  }
  for (const subscription of concerned) await subscriptions.markBehind(subscription)
  const notice = JSON.stringify({ type: 'gap', ids: concerned.map(({ id }) => id) })
  await gateway.post(connection, notice, Math.min(deadline, performance.now() + NOTICE_PATIENCE_MS))
  return { behind: concerned.length }
}

async function postAll(
  connection: string,
  { frames, complete }: Frames,
  deadline: number,
  gateway: SocketGateway,
): Promise<PostResult> {
  for (const frame of frames) {
    const result = await gateway.post(connection, frame, deadline)
    if (result !== 'sent') return result
  }
  return complete ? 'sent' : 'failed'
}

function addCounts(counts: readonly Partial<PushCounts>[]): PushCounts {
  const sum = (name: keyof PushCounts) => counts.reduce((total, own) => total + (own[name] ?? 0), 0)
  return {
    frames: sum('frames'),
    events: sum('events'),
    gone: sum('gone'),
    ended: sum('ended'),
    behind: sum('behind'),
  }
}

/** Returns the frames of deliveries. Connections with the same subscriptions and events share the same strings. */
function createFrames(events: readonly StoredEvent[]): (delivery: Delivery) => Frames {
  const written = new Map<number, WrittenEvent>()
  const frames = new Map<string, Frames>()
  const write = (index: number): WrittenEvent[] => {
    const event = events[index]
    const known = written.get(index)
    if (known || event === undefined) return known ? [known] : []
    const fresh = writeEvent(event)
    written.set(index, fresh)
    return [fresh]
  }
  return ({ subscriptions, events: indices }) => {
    const ids = subscriptions.map(({ id }) => id).sort()
    const key = JSON.stringify([ids, indices])
    const built = frames.get(key) ?? buildFrames({ ids }, indices.flatMap(write))
    frames.set(key, built)
    return built
  }
}

/** What one connection gets of a batch: indices into the batch's events, and the subscriptions that match them. */
type Delivery = {
  readonly connection: string
  readonly subscriptions: readonly Subscription[]
  readonly events: readonly number[]
}

/**
 * The deliveries of a batch, and the subscriptions that match but get nothing: because they are behind, or because the
 * credential that their rows name has ended.
 */
type Matched = {
  readonly deliveries: readonly Delivery[]
  readonly behind: readonly Subscription[]
  readonly ended: readonly Subscription[]
}

/** The maximum difference between the clocks of two functions, in milliseconds. Resuming once too often is harmless. */
const CLOCK_SKEW_MS = 2000

/** Returns every pattern that may cover one of the events: the keys to look subscriptions up by. */
export function patternsOf(events: readonly StoredEvent[]): string[] {
  const channels = new Set(events.map(({ event }) => event.category ?? ''))
  return [...new Set([...channels].flatMap((channel) => (channel === '' ? [] : patternsCovering(channel))))]
}

/**
 * Matches a batch with the subscriptions found under its patterns, as far as their readers may read it. Returns one
 * delivery for each connection. A
 * subscription that is behind under one pattern is behind under all (docs/architecture.md, I6), since its mark may
 * not have reached every pattern yet. So is one that was registered before the topic was created again: its cursor
 * would drop the low offsets of the new epoch.
 */
export function matchEvents(
  events: readonly StoredEvent[],
  found: ReadonlyMap<string, readonly Subscription[]>,
  isOver: (reader: Reader) => boolean,
): Matched {
  const marked = findBehind(found)
  const ended = new Map<string, Subscription>()
  const behind = new Map<string, Subscription>()
  const deliveries = collectDeliveries()
  const byChannel = new Map<string, readonly Subscription[]>()
  for (const [index, { event, renewed }] of events.entries()) {
    if (event.category === undefined) continue
    const candidates = byChannel.get(event.category) ?? candidatesOf(event.category, found)
    byChannel.set(event.category, candidates)
    for (const subscription of candidates) {
      if (!passesFilter(subscription.filter, event)) continue
      if (isOver(subscription.reader)) {
        ended.set(refOf(subscription), subscription)
        continue
      }
      if (!mayRead(subscription.reader, event.category, judgedType(event))) continue
      const isStale = renewed !== undefined && subscription.registration < renewed + CLOCK_SKEW_MS
      const isBehind = marked.size > 0 && marked.has(refOf(subscription))
      if (isStale || isBehind) behind.set(refOf(subscription), subscription)
      else deliveries.add(subscription, index)
    }
  }
  return { deliveries: deliveries.list(), behind: [...behind.values()], ended: [...ended.values()] }
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
