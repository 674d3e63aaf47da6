import pLimit from 'p-limit'
import type { SocketGateway, StoredEvent, Subscription, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { buildFrames, type Frames, writeEvent } from './build-frames.ts'
import { type Delivery, matchEvents, patternsOf } from './match-events.ts'

export type PushDeps = {
  readonly subscriptions: SubscriptionStore
  readonly gateway: SocketGateway
  /** How many frames are posted at once. */
  readonly postsAtOnce: number
}

/** A `gap` notice is a courtesy (the next ping tells as well): it may not hold the batch up for long, in milliseconds. */
const GAP_PATIENCE = 250

/** What a push did: frames and events sent, connections found gone, subscriptions marked behind. */
export type PushCounts = { frames: number; events: number; gone: number; behind: number }

/**
 * Pushes stored events to everyone who subscribed: at most one frame per connection and batch while it fits, each
 * distinct frame written once. A connection that is gone is removed (I7); one that missed a frame is marked behind
 * before this answers (I6). Posts go on until `deadline` (milliseconds since the epoch); what is left then is behind.
 */
export async function pushEvents(
  events: readonly StoredEvent[],
  deadline: number,
  { subscriptions, gateway, postsAtOnce }: PushDeps,
): Promise<PushCounts> {
  const counts = { frames: 0, events: 0, gone: 0, behind: 0 }
  if (events.length === 0) return counts
  const { deliveries, behind } = matchEvents(events, await subscriptions.matching(patternsOf(events)))
  const framesOf = writeFrames(events)
  const limit = pLimit(postsAtOnce)
  const settle = async (delivery: Delivery) => {
    const { connection } = delivery
    const result = await postAll(connection, framesOf(delivery), deadline, gateway)
    if (result === 'sent') {
      counts.frames += framesOf(delivery).frames.length
      counts.events += delivery.events.length
    } else if (result === 'gone') {
      counts.gone++
      await subscriptions.removeConnection(connection, delivery.subscriptions)
    } else {
      counts.behind += delivery.subscriptions.length
      for (const subscription of delivery.subscriptions) await subscriptions.markBehind(subscription)
      const notice = JSON.stringify({ type: 'gap', ids: delivery.subscriptions.map(({ id }) => id) })
      await gateway.post(connection, notice, Math.min(deadline, Date.now() + GAP_PATIENCE))
    }
  }
  // Whoever marked these may have died halfway: then some patterns, or the record that a ping reads, do not know yet.
  const finishMark = (subscription: Subscription) => subscriptions.markBehind(subscription)
  await Promise.all([
    ...deliveries.map((delivery) => limit(settle, delivery)),
    ...behind.map((subscription) => limit(finishMark, subscription)),
  ])
  return counts
}

/** Frames of a delivery; connections with the same subscriptions and events share the very strings. */
function writeFrames(events: readonly StoredEvent[]): (delivery: Delivery) => Frames {
  const written = new Map<number, ReturnType<typeof writeEvent>>()
  const frames = new Map<string, Frames>()
  const write = (index: number) => {
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

async function postAll(
  connection: string,
  { frames, complete }: Frames,
  deadline: number,
  gateway: SocketGateway,
) {
  for (const frame of frames) {
    const result = await gateway.post(connection, frame, deadline)
    if (result !== 'sent') return result
  }
  return complete ? 'sent' : 'failed'
}
