import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSubscription, type Subscription } from '#shared/client/subscription.ts'
import { createViewParts } from '#shared/client/view.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { statistics } from '#shared/domain/port/statistics-view.ts'
import { NO_FILTERS } from '#web/domains/port/feed/feed-filters.ts'
import { createFeedStore, type FeedStore } from '#web/domains/port/feed/feed-store.ts'
import { createStreamMeter } from '#web/domains/port/stream/stream-meter.ts'
import { createPortStream } from './dashboard/port-stream.ts'
import { type Rows, round } from './measure/measure.ts'

/** Eight hours at 1,000 events per second. */
const EVENTS = Number(process.env.BENCH_SOAK_EVENTS ?? 28_800_000)
const PER_FRAME = 17
const CAPACITY = 10_000
/** Live rows are trimmed after so many: heaps are compared at the same point between two trims. */
const TRIM_EVERY = CAPACITY / 4
const SAMPLES = 12
/** A reader pauses, searches or filters the feed for 2 s of every 10. */
const ACT_EVERY = 600
const ACT_FRAMES = 120

/**
 * Measures what an open page keeps of eight hours at 1,000 events per second: the client's subscription, the feed, its
 * meter and (of one event per frame) the statistics, in Node and as fast as possible. The heap is measured after forced
 * collections.
 */
export async function benchFeedSoak(): Promise<Rows> {
  const page = createPage()
  const stream = createPortStream(8)
  const collect = collector()
  const heaps: number[] = []
  let nextSample = 10 * CAPACITY
  const begin = process.cpuUsage()
  for (let frame = 0; stream.count() < EVENTS; frame++) {
    const now = (frame * 1000) / 60
    page.frame(
      Array.from({ length: PER_FRAME }, () => stream.next(now)),
      now,
    )
    if (stream.rows() >= nextSample - PER_FRAME && !page.isHeld()) {
      while (stream.rows() % TRIM_EVERY !== 0) page.frame([stream.next(now)], now)
      heaps.push(collect())
      nextSample = stream.rows() + EVENTS / SAMPLES
    } else act(page.store, frame)
  }
  const { user, system } = process.cpuUsage(begin)
  const [first = 0] = heaps
  const last = heaps.at(-1) ?? 0
  return [
    {
      events: stream.count(),
      'events seen': page.seen(),
      'rows seen': page.store.snapshot().received,
      'rows sent': stream.rows(),
      'heap MB': heaps.map((heap) => round(heap / 1e6)).join(', '),
      'heap MB first': round(first / 1e6),
      'heap MB last': round(last / 1e6),
      'heap MB maximum': round(Math.max(...heaps) / 1e6),
      'growth %': round((100 * (last - first)) / first),
      'CPU seconds': round((user + system) / 1e6),
    },
  ]
}

/** The path of an event in a page, from a frame of the socket to the rows. */
function createPage() {
  const flushes: (() => void)[] = []
  const meter = createStreamMeter()
  const store = createFeedStore({
    capacity: CAPACITY,
    reader: 'soak',
    now: Date.now,
    schedule: (run) => flushes.push(run),
  })
  const counted = createViewParts(statistics)
  counted.reset({ parts: [], cursor: '' })
  const received: { written: number; at: number }[] = []
  let seen = 0
  let now = 0
  const take = (positioned: PositionedEvent) => {
    seen++
    meter.count(now)
    received.push({ written: now - Date.parse(positioned.event.time ?? ''), at: now })
    store.push(positioned)
  }
  const subscription = subscribe(take)
  return {
    store,
    seen: () => seen,
    isHeld: () => store.snapshot().isHeld,
    frame: (events: readonly PositionedEvent[], at: number) => {
      now = at
      subscription.receive('line', { type: 'events', ids: ['s1'], events })
      for (const run of flushes.splice(0)) run()
      // Counting all of them would take three times as long as everything else.
      for (const positioned of events.slice(0, 1)) counted.apply(positioned)
      counted.states()
      meter.frame(received.splice(0), at, at)
    },
  }
}

function subscribe(event: (positioned: PositionedEvent) => void): Subscription {
  const subscription = createSubscription(
    { id: 's1', channels: ['port.**'] },
    { event, gap: fail, error: fail },
  )
  const { attempt = 1 } = subscription.ask('line')
  subscription.receive('line', { type: 'subscribed', id: 's1', attempt, cursor: '', recovered: true })
  return subscription
}

function fail(what: unknown): never {
  throw new Error(`unexpected from the subscription: ${JSON.stringify(what)}`)
}

/** Does what a reader does now and then: pause, search, filter, continue. */
function act(store: FeedStore, frame: number): void {
  const turn = Math.floor(frame / ACT_EVERY) % 3
  if (frame % ACT_EVERY === 0) {
    if (turn === 0) store.hold()
    else if (turn === 1) store.setFilters({ ...NO_FILTERS, text: 'berth' })
    else store.setFilters({ ...NO_FILTERS, severities: ['critical'], isUnread: true })
  } else if (frame % ACT_EVERY === ACT_FRAMES) {
    store.release()
    store.setFilters(NO_FILTERS)
  }
}

/** Returns a function that collects garbage and returns the bytes that are left. */
function collector(): () => number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  return () => {
    for (let round = 0; round < 3; round++) gc()
    return process.memoryUsage().heapUsed
  }
}
