import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connect, type Tidewire } from '#shared/client/connect.ts'
import { API_KEY } from '../../tests/support/start-stack.ts'
import { type Latency, latencyOf } from './deliveries.ts'
import type { Pace } from './post-at-rate.ts'
import { createProducer } from './producer.ts'
import { createSeat, type Seat } from './seats.ts'

export type Place = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly seats: number
  /** So many clients listen to one channel. */
  readonly audience: number
}

export type Tally = {
  readonly accepted: number
  readonly due: number
  readonly delivered: number
  readonly lost: number
  readonly repeated: number
  readonly outOfOrder: number
  /** Gaps that clients were told of, posts that had to be repeated, and errors of clients by their code. */
  readonly gaps: number
  readonly retriedPosts: number
  readonly errors: Readonly<Record<string, number>>
}

/** Deliveries since the last sample. */
export type Sample = { readonly delivered: number; readonly latency: Latency; readonly live: number }

export type Clients = {
  /** Seats a client on every empty seat, all at once. Resolves when all of them are live. */
  open(): Promise<void>
  /** Every client goes; its cursor stays on its seat. */
  leave(): Promise<void>
  /** So many of the clients that are live go at random, and others take their seats. */
  replace(count: number): Promise<void>
  /** Posts at a steady rate; a post that fails is repeated with the same ids until it is accepted. */
  post(pace: Pace): Promise<void>
  sample(): Promise<Sample>
  /** Waits until nothing is missing, or nothing has come for `patienceMs`. Returns how long each seat took. */
  settle(patienceMs: number): Promise<Latency & { readonly totalMs: number }>
  tally(): Promise<Tally>
}

const POLL_MS = 20

/** Clients of this repository in this process, each with a channel and a seat, and the producer of their events. */
export function createClients({ httpUrl, socketUrl, seats: count, audience }: Place): Clients {
  const channels = Math.ceil(count / audience)
  const seats = Array.from({ length: count }, createSeat)
  const clients: (Tidewire | null)[] = seats.map(() => null)
  const cursors = new Map<string, string>()
  const storage = {
    getItem: (key: string) => cursors.get(key) ?? null,
    setItem: (key: string, value: string) => void cursors.set(key, value),
  }
  const producer = createProducer(httpUrl, channels)
  const errors: Record<string, number> = {}
  let latencies: number[] = []
  let delivered = 0
  let gaps = 0
  const lastAt = seats.map(() => 0)

  function take(seat: number): void {
    const onError = ({ code }: { code: string }) => {
      errors[code] = (errors[code] ?? 0) + 1
    }
    const client = connect({
      httpUrl,
      socketUrl,
      credentials: { apiKey: API_KEY },
      keyInUrl: true,
      storage,
      onError,
      openSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
    })
    clients[seat] = client
    client.subscribe(
      { channels: [`bench.c${Math.floor(seat / audience)}`], since: 'earliest' },
      ({ topic, partition, offset, event }) => {
        const { n } = event.data as { n: number }
        if (!seats[seat]?.note(Math.floor(n / channels), { topic, partition, offset })) return
        delivered++
        lastAt[seat] = performance.now()
        latencies.push(performance.now() - producer.beganAt(n))
      },
      { key: `seat-${seat}`, onError, onGap: () => void gaps++ },
    )
  }

  /** Events of the channel of a seat that it did not get. */
  function missingOf(seat: Seat, index: number): number {
    const channel = Math.floor(index / audience)
    const isDue = (k: number) => producer.isAccepted(k * channels + channel)
    return seat.missing(Math.ceil(producer.sent() / channels), isDue)
  }
  const lost = () => seats.reduce((sum, seat, index) => sum + missingOf(seat, index), 0)
  const due = () => producer.accepted() * audience

  return {
    async open() {
      for (const [seat, client] of clients.entries()) if (client === null) take(seat)
      while (clients.some((client) => client?.state !== 'live')) await sleep(POLL_MS)
    },
    async leave() {
      for (const [seat, client] of clients.entries()) {
        client?.close()
        clients[seat] = null
      }
    },
    async replace(number) {
      for (let turn = 0; turn < number; turn++) {
        // Amid a replay a stored cursor is that of its begin, so the next client would see the replayed events again.
        const live = [...clients.keys()].filter((seat) => clients[seat]?.state === 'live')
        const seat = live[Math.floor(Math.random() * live.length)]
        if (seat === undefined) return
        clients[seat]?.close()
        take(seat)
      }
    },
    post: (pace) => producer.post(pace),
    async sample() {
      const latency = latencyOf(latencies)
      const found = {
        delivered: latencies.length,
        latency,
        live: clients.filter((client) => client?.state === 'live').length,
      }
      latencies = []
      return found
    },
    async settle(patienceMs) {
      const begin = performance.now()
      let known = -1
      let progress = begin
      while (performance.now() - progress <= patienceMs && (delivered < due() || lost() > 0)) {
        if (delivered !== known) progress = performance.now()
        known = delivered
        await sleep(POLL_MS)
      }
      const took = lastAt.map((at) => Math.max(0, at - begin))
      return { ...latencyOf(took), totalMs: Math.max(0, ...took) }
    },
    async tally() {
      const counted = {
        accepted: producer.accepted(),
        due: due(),
        delivered,
        lost: lost(),
        repeated: seats.reduce((sum, seat) => sum + seat.repeated(), 0),
        outOfOrder: seats.reduce((sum, seat) => sum + seat.outOfOrder(), 0),
      }
      return { ...counted, gaps, retriedPosts: producer.retried(), errors }
    },
  }
}
