import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../measure/measure.ts'
import { type Counts, createDeliveries, type Deliveries, type Latency, latencyOf } from './deliveries.ts'
import { openViewers } from './open-viewers.ts'
import { type Pace, postAtRate, poster } from './post-at-rate.ts'
import type { ProtocolName } from './protocols.ts'

export type Target = {
  readonly protocol: ProtocolName
  readonly postUrl: string
  readonly socketUrl: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * What to post, and to how many of the viewers. Single events are plain JSON whose id the server makes, unless ids are
 * `given`; events of batches always have one.
 */
export type Plan = Pace & { readonly viewers: number; readonly ids?: 'given' }

export type Phase = Counts & {
  /** Milliseconds from just before the POST to the frame in this process. */
  readonly latency: Latency
  /** Milliseconds from just before the POST to its response. */
  readonly accepted: Latency
  /** Posts with another response than 202. */
  readonly refusedPosts: number
  readonly frames: number
  readonly bytes: number
  readonly billedMessages: number
  /** Seconds from the first post to the last delivery, and of them those after the last post. */
  readonly seconds: number
  readonly drainSeconds: number
  readonly generator: { readonly cpuSeconds: number; readonly lateP99: number }
  readonly problems: readonly string[]
}

export type Load = {
  /** Connects viewers until there are so many. Returns the milliseconds that it took. */
  connect(viewers: number): Promise<number>
  run(plan: Plan): Promise<Phase>
  close(): void
}

/** Each event is heard by so many viewers, if there are so many. */
export const AUDIENCE = 10
const PATIENCE_MS = 15_000
const DRAIN_MS = 90_000
/** A repeat would come after the last delivery. */
const LINGER_MS = 250
const TEXT = 'x'.repeat(200)

/** A load generator: viewers and posts in one process, so that both read one clock. */
export function createLoad({ protocol, postUrl, socketUrl, headers }: Target): Load {
  let deliveries: Deliveries = createDeliveries(() => [])
  let next = 0
  const posts = poster(postUrl, headers)
  const viewers = openViewers({
    protocol,
    socketUrl,
    channelOf: (viewer) => `bench.c${Math.floor(viewer / AUDIENCE)}`,
    onEvent: (viewer, seen, at) => deliveries.arrived(viewer, seen, at),
  })

  async function post({ perPost: size, ids }: Plan, channels: number, from: number) {
    const events = Array.from({ length: size }, () => newEvent(next++, channels))
    for (const { data } of events) deliveries.sent(data.n, data.n % channels, from)
    const [first] = events
    const posted =
      size > 1
        ? await posts.send(JSON.stringify(events), 'application/cloudevents-batch+json')
        : ids === 'given'
          ? await posts.send(JSON.stringify(first), 'application/cloudevents+json')
          : await posts.send(JSON.stringify(plain(first)), 'application/json')
    if (posted.status !== 202) for (const { data } of events) deliveries.refused(data.n)
    return posted
  }

  return {
    async connect(count) {
      const begin = performance.now()
      await viewers.grow(count)
      return performance.now() - begin
    },
    async run(plan) {
      const { viewers: count } = plan
      const channels = Math.ceil(count / AUDIENCE)
      const audience = Array.from({ length: Math.min(count, AUDIENCE) }, (_, index) => index)
      deliveries = createDeliveries((channel) => audience.map((index) => channel * AUDIENCE + index))
      const before = viewers.frames()
      const cpu = process.cpuUsage()
      const begin = performance.now()
      const accepted: number[] = []
      let refusedPosts = 0
      const late = await postAtRate(plan, async (_, from) => {
        const { ms, status } = await post(plan, channels, from)
        if (status === 202) accepted.push(ms)
        else refusedPosts++
      })
      const posted = performance.now()
      await drain(deliveries)
      const drained = performance.now()
      const used = process.cpuUsage(cpu)
      await sleep(LINGER_MS)
      const { frames, bytes, messages32k } = viewers.frames()
      return {
        ...deliveries.counts(),
        latency: latencyOf(deliveries.latencies()),
        accepted: latencyOf(accepted),
        refusedPosts,
        frames: frames - before.frames,
        bytes: bytes - before.bytes,
        billedMessages: messages32k - before.messages32k,
        seconds: (drained - begin) / 1000,
        drainSeconds: (drained - posted) / 1000,
        generator: { cpuSeconds: (used.user + used.system) / 1e6, lateP99: quantile(late, 0.99) },
        problems: viewers.problems().slice(0, 5),
      }
    },
    close() {
      viewers.close()
      posts.close()
    },
  }
}

function newEvent(n: number, channels: number) {
  return {
    specversion: '1.0',
    id: `bench-${n}`,
    source: '/bench',
    type: 'bench.event',
    category: `bench.c${n % channels}`,
    subject: `s${n % channels}`,
    data: { n, text: TEXT },
  }
}

type Event = ReturnType<typeof newEvent>

/** The same event in plain JSON, without what the server fills. */
function plain({ source, type, category, subject, data }: Event = newEvent(0, 1)) {
  return { source, type, category, subject, data }
}

/** Waits until nothing is missing, or until nothing has come for a while. */
async function drain(deliveries: Deliveries): Promise<void> {
  const begin = performance.now()
  let known = -1
  let progress = begin
  for (;;) {
    const { lost, delivered } = deliveries.counts()
    const now = performance.now()
    if (delivered !== known) progress = now
    known = delivered
    if (lost <= 0 || now - progress > PATIENCE_MS || now - begin > DRAIN_MS) return
    await sleep(5)
  }
}
