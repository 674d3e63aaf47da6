import { mayReadSome } from '#shared/core/access/authorize.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { type Cursor, formatCursor, type NotRecovered } from '#shared/core/cursor.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import { REPLAY_LIMIT } from '#shared/core/limits.ts'
import type { ServerFrame, SubscribeMessage } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { buildFrames, writeEvent } from '#shared/pipeline/deliver/build-frames.ts'
import { type Access, accessOf } from '#shared/pipeline/history/access.ts'
import { findUnread, type Remainder } from '#shared/pipeline/history/find-unread.ts'
import type { EventStore, SocketGateway, StoredEvent, SubscriptionStore } from '#shared/pipeline/ports.ts'

import { type RequestStats, wantsStats } from '#shared/pipeline/stats/stats.ts'

export type SubscribeDeps = {
  readonly store: EventStore
  readonly subscriptions: SubscriptionStore
  readonly gateway: SocketGateway
  readonly catalog: Catalog
  /** Asks for the statistics to be announced; without it they are not. */
  readonly requestStats?: RequestStats
}

/** The maximum number of stored events that a socket reads for one subscription; rare matches further back are read over HTTP. */
const SCAN_LIMIT = 10_000
/** How many are read at once: where they are large, or the store is slow, the time is over first. */
const READ_AT_ONCE = 1000

/**
 * Subscribes a connection: registers, then reads the heads, then the store up to them (docs/architecture.md, I2), posts
 * what was missed as replay frames, and `subscribed` with the heads last (I3). Only what its principal may read is
 * replayed, and read. An attempt that is older than the registered one is ignored (I5). Throws Refusal for what the client
 * must correct, `forbidden` if nothing on one of the channels may be read.
 */
export async function subscribe(
  connection: string,
  message: SubscribeMessage,
  { principal, deadline }: { readonly principal: Principal; readonly deadline: number },
  deps: SubscribeDeps,
): Promise<void> {
  const { id, attempt = 1, channels, filter, since = 'latest' } = message
  assertReadable(channels, principal)
  const registration = await deps.subscriptions.register({
    connection,
    id,
    attempt,
    channels,
    ...(filter && { filter }),
  })
  if (registration === null) return
  if (wantsStats(channels)) await deps.requestStats?.({ isFirst: true })
  const access = accessOf(registration.reader)
  const { heads, remainders, lost, ahead } = await findUnread(
    since,
    access.topics(channels, deps.catalog),
    deps.store,
    deps.catalog.names,
  )
  // Half of the time that is left is for the frames.
  const readBy = performance.now() + (deadline - performance.now()) / 2
  const missed = await readMissed(remainders, message, access, { store: deps.store, readBy })
  const { frames, complete } = buildFrames(
    { ids: [id], attempt, replay: true, epochs: formatCursor(new Map([...epochsOf(heads), ...ahead])) },
    (missed ?? []).map(writeEvent),
  )
  const reason: NotRecovered | null = missed === null || !complete ? 'too_far' : lost
  const subscribed: ServerFrame = {
    type: 'subscribed',
    id,
    attempt,
    cursor: formatCursor(heads),
    recovered: reason === null,
    ...(reason && { reason }),
  }
  for (const frame of [...(complete ? frames : []), JSON.stringify(subscribed)]) {
    const result = await deps.gateway.post(connection, frame, deadline)
    if (result === 'gone') return deps.subscriptions.removeConnection(connection)
    if (result === 'failed') return deps.subscriptions.markBehind(registration)
  }
}

function assertReadable(channels: readonly string[], principal: Principal): void {
  const channel = channels.find((pattern) => !mayReadSome(principal, pattern))
  if (channel === undefined) return
  const detail = `These credentials may read nothing on ${JSON.stringify(channel)}, so nothing of this message was subscribed. Leave it out, or ask an administrator for credentials with the scope "read:<channels>".`
  throw new Refusal('forbidden', detail)
}

function epochsOf(heads: Cursor): Cursor {
  return new Map([...heads].map(([topic, { epoch }]) => [topic, { epoch, offsets: new Map() }]))
}

/** The events to replay, or null if they are too many for a socket, or are not read by `readBy`. */
async function readMissed(
  remainders: readonly Remainder[],
  interest: Interest,
  access: Access,
  { store, readBy }: { readonly store: EventStore; readonly readBy: number },
): Promise<StoredEvent[] | null> {
  const distance = remainders.reduce(
    (sum, { after, head }) => sum + head.offset - Math.max(after, head.first - 1),
    0,
  )
  if (distance > SCAN_LIMIT) return null
  let found = 0
  let isGivenUp = false
  const lists = await Promise.all(
    remainders.map(async ({ after, head, ...stream }) => {
      const list: StoredEvent[] = []
      for (let last = after; last < head.offset; ) {
        const range = { after: last, upTo: head.offset, limit: READ_AT_ONCE, alsoExpired: true }
        const events = await store.read(stream, range)
        const own = events.filter(({ event }) => matchesInterest(interest, event) && access.admits(event))
        list.push(...own)
        found += own.length
        last = events.length < READ_AT_ONCE ? head.offset : (events.at(-1)?.offset ?? head.offset)
        isGivenUp ||= found > REPLAY_LIMIT || (last < head.offset && performance.now() >= readBy)
        if (isGivenUp) return []
      }
      return list
    }),
  )
  return isGivenUp ? null : mergeByTime(lists)
}

/** Merges the lists of partitions into one, oldest record first, keeping the order within each partition. */
export function mergeByTime(lists: readonly (readonly StoredEvent[])[]): StoredEvent[] {
  const queues = lists.map((list) => ({ list, next: 0 }))
  const merged: StoredEvent[] = []
  for (;;) {
    let best: { list: readonly StoredEvent[]; next: number } | undefined
    for (const queue of queues) {
      const candidate = queue.list[queue.next]
      if (candidate && candidate.timestamp < (best?.list[best.next]?.timestamp ?? Number.POSITIVE_INFINITY))
        best = queue
    }
    const event = best?.list[best.next]
    if (best === undefined || event === undefined) return merged
    merged.push(event)
    best.next++
  }
}
