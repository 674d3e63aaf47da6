import pLimit from 'p-limit'
import type {
  PostResult,
  SocketGateway,
  StoredEvent,
  Subscription,
  SubscriptionStore,
} from '#shared/pipeline/ports.ts'
import { buildFrames, type Frames, type WrittenEvent, writeEvent } from './build-frames.ts'
import { type Delivery, matchEvents, patternsOf } from './match-events.ts'

export type PushDeps = {
  readonly subscriptions: SubscriptionStore
  readonly gateway: SocketGateway
  /** The maximum number of posts at the same time. */
  readonly postsAtOnce: number
}

/** What a push did: frames and events sent, connections found gone, subscriptions marked behind. */
export type PushCounts = {
  readonly frames: number
  readonly events: number
  readonly gone: number
  readonly behind: number
}

/** A `gap` notice must not delay the batch for long. It is optional, because the next ping reports the gap too. */
const GAP_PATIENCE_MS = 250

/**
 * Pushes stored events to their subscribers: one frame per connection and batch while it fits, each distinct frame
 * serialised once. A connection that is gone is removed (docs/architecture.md, I7); one that missed a frame is marked
 * behind before this returns (I6). Posts stop at `deadline` (milliseconds since the epoch), and the connections that
 * are left then are behind. Throws if the subscriptions cannot be read or marked.
 */
export async function pushEvents(
  events: readonly StoredEvent[],
  deadline: number,
  deps: PushDeps,
): Promise<PushCounts> {
  if (events.length === 0) return addCounts([])
  const { subscriptions, postsAtOnce } = deps
  const { deliveries, behind } = matchEvents(events, await subscriptions.matching(patternsOf(events)))
  const framesOf = createFrames(events)
  const limit = pLimit(postsAtOnce)
  const push = (delivery: Delivery) => settle(delivery, framesOf(delivery), deadline, deps)
  // A worker that marked one of these may have died halfway: some patterns, or the record that a ping reads, lack the mark.
  const finishMark = (subscription: Subscription) => subscriptions.markBehind(subscription)
  const [counts] = await Promise.all([
    Promise.all(deliveries.map((delivery) => limit(push, delivery))),
    Promise.all(behind.map((subscription) => limit(finishMark, subscription))),
  ])
  return addCounts(counts)
}

/** Posts one delivery and records what became of it, before the batch is acknowledged. */
async function settle(
  { connection, subscriptions: concerned, events }: Delivery,
  frames: Frames,
  deadline: number,
  { subscriptions, gateway }: PushDeps,
): Promise<Partial<PushCounts>> {
  const result = await postAll(connection, frames, deadline, gateway)
  if (result === 'sent') return { frames: frames.frames.length, events: events.length }
  if (result === 'gone') {
    await subscriptions.removeConnection(connection, concerned)
    return { gone: 1 }
  }
  for (const subscription of concerned) await subscriptions.markBehind(subscription)
  const notice = JSON.stringify({ type: 'gap', ids: concerned.map(({ id }) => id) })
  await gateway.post(connection, notice, Math.min(deadline, Date.now() + GAP_PATIENCE_MS))
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
  return { frames: sum('frames'), events: sum('events'), gone: sum('gone'), behind: sum('behind') }
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
