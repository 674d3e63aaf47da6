import { quantile } from '../measure/measure.ts'

/** Where a frame says that an event is in Kafka. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number }
/** An event in a frame: its number, which the load generator gave it, and its position where the server tells it. */
export type Seen = { readonly n: number; readonly position: Position | null }

export type Counts = {
  readonly events: number
  readonly due: number
  readonly delivered: number
  readonly lost: number
  readonly repeated: number
  readonly outOfOrder: number
  /** Events that a viewer got without having asked for their channel, or that nobody has sent. */
  readonly unasked: number
}

export type Deliveries = {
  /** Notes that an event is on its way to the viewers of a channel. `at` is when its latency begins. */
  sent(n: number, channel: number, at: number): void
  /** An event that was refused is due to nobody. */
  refused(n: number): void
  arrived(viewer: number, seen: Seen, at: number): void
  counts(): Counts
  /** Milliseconds of each delivery. */
  latencies(): readonly number[]
}

type Sent = { readonly channel: number; readonly at: number; readonly viewers: Set<number> }

/**
 * Compares what was sent with what each viewer got. A viewer listens to one channel; `audienceOf` returns the viewers of
 * a channel. Order is checked for each viewer and partition, where positions are told.
 */
export function createDeliveries(audienceOf: (channel: number) => readonly number[]): Deliveries {
  const events = new Map<number, Sent>()
  const heads = new Map<string, number>()
  const latencies: number[] = []
  let repeated = 0
  let outOfOrder = 0
  let unasked = 0
  const audiences = new Map<number, ReadonlySet<number>>()

  function audience(channel: number): ReadonlySet<number> {
    const known = audiences.get(channel) ?? new Set(audienceOf(channel))
    audiences.set(channel, known)
    return known
  }

  function isInOrder(viewer: number, { topic, partition, offset }: Position): boolean {
    const key = `${viewer}/${topic}/${partition}`
    const head = heads.get(key) ?? -1
    if (offset > head) heads.set(key, offset)
    return offset > head
  }

  return {
    sent(n, channel, at) {
      events.set(n, { channel, at, viewers: new Set() })
    },
    refused(n) {
      events.delete(n)
    },
    arrived(viewer, { n, position }, at) {
      const event = events.get(n)
      if (event === undefined || !audience(event.channel).has(viewer)) unasked++
      else if (event.viewers.has(viewer)) repeated++
      else {
        event.viewers.add(viewer)
        latencies.push(at - event.at)
        if (position && !isInOrder(viewer, position)) outOfOrder++
      }
    },
    counts() {
      let due = 0
      for (const { channel } of events.values()) due += audience(channel).size
      const delivered = latencies.length
      return { events: events.size, due, delivered, lost: due - delivered, repeated, outOfOrder, unasked }
    },
    latencies: () => latencies,
  }
}

export type Latency = {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Returns the quantiles of milliseconds. */
export function latencyOf(milliseconds: readonly number[]): Latency {
  return {
    p50: quantile(milliseconds, 0.5),
    p90: quantile(milliseconds, 0.9),
    p99: quantile(milliseconds, 0.99),
    max: quantile(milliseconds, 1),
  }
}
