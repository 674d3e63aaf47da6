import { connect, type Tidewire } from '#shared/client/connect.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { API_KEY } from '../../support/start-stack.ts'
import type { Seat } from './audience.ts'
import { positionOf } from './produce.ts'

/** What one client received, in a compact form, because a run has hundreds of thousands of events. */
export type Listener = {
  readonly seat: Seat
  readonly client: Tidewire
  /** How often each event was received, by its n. */
  readonly seen: Map<number, number>
  /** The position of each received event. */
  readonly positions: Map<number, string>
  /** Milliseconds from a producer's 202 to the callback; 0 if the callback was first. */
  readonly lags: number[]
  readonly gaps: string[]
  readonly errors: Map<string, number>
  outOfOrder: number
  catchUps: number
  /** The number of sockets that it opened, and how often it stopped being live. */
  sockets: number
  interruptions: number
  /** Resolves when it is live for the first time. */
  readonly live: Promise<void>
}

export type ListenOptions = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly acceptedAt: ReadonlyMap<number, number>
  readonly maxConnectionMs?: number
}

/** Shorter than the defaults, so that a frozen socket is found within a short run, too. */
const TIMING = { pingMs: 5000, pongTimeoutMs: 6000, pollMs: 10_000 }

/** Connects a client, and records everything that it receives. */
export function listen(seat: Seat, { acceptedAt, ...options }: ListenOptions): Listener {
  const notes = {
    seat,
    seen: new Map<number, number>(),
    positions: new Map<number, string>(),
    lags: [],
    gaps: [],
    errors: new Map<string, number>(),
    outOfOrder: 0,
    catchUps: 0,
    sockets: 0,
    interruptions: 0,
  }
  const onError = ({ code }: { code: string }) => notes.errors.set(code, (notes.errors.get(code) ?? 0) + 1)
  const client = connect({
    ...TIMING,
    ...options,
    credentials: { apiKey: API_KEY },
    keyInUrl: true,
    onError,
    openSocket: (url) => {
      listener.sockets++
      return new WebSocket(url)
    },
    fetch: (url, init) => {
      if (url.includes('/events/since')) listener.catchUps++
      return fetch(url, init)
    },
  })
  const live = new Promise<void>((resolve) =>
    client.onState((state) => {
      if (state === 'live') resolve()
      else if (wasLive && state !== 'closed') listener.interruptions++
      wasLive = state === 'live'
    }),
  )
  let wasLive = false
  const listener: Listener = { ...notes, client, live }
  const last = new Map<string, number>()
  client.subscribe(
    { ...seat.interest, since: seat.since },
    (positioned) => note(listener, last, acceptedAt, positioned),
    { onError, onGap: ({ reason }) => listener.gaps.push(reason) },
  )
  return listener
}

function note(
  listener: Listener,
  last: Map<string, number>,
  acceptedAt: ReadonlyMap<number, number>,
  { topic, partition, offset, event }: PositionedEvent,
): void {
  if (event.source !== '/faults') return
  const { n } = event.data as { n: number }
  listener.seen.set(n, (listener.seen.get(n) ?? 0) + 1)
  listener.positions.set(n, positionOf({ topic, partition, offset }))
  const stream = `${topic}-${partition}`
  if (offset <= (last.get(stream) ?? -1)) listener.outOfOrder++
  last.set(stream, offset)
  listener.lags.push(Math.max(0, performance.now() - (acceptedAt.get(n) ?? performance.now())))
}
