import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connect, type Tidewire } from '#shared/client/connect.ts'
import { API_KEY } from '../../tests/support/start-stack.ts'
import type { Accounts, Entry } from './accounts.ts'
import type { Times } from './times.ts'

export type ViewerOptions = {
  readonly httpUrl: string
  readonly socketUrl: string
  /** The group of each viewer. */
  readonly groupOf: readonly string[]
  readonly accounts: Accounts
  readonly times: Times
  readonly entryOf: (id: string, source: string) => Entry | null
}

export type Viewers = {
  /** Every viewer that is away comes back. Resolves when all are live. */
  open(): Promise<void>
  /** So many of the live viewers leave at random and come back at once, from their cursor. */
  replace(count: number): void
  /** One viewer leaves, and comes back after so many milliseconds. */
  away(ms: number): void
  /** How long it takes until a newcomer with an old cursor is told `trimmed`, and whether it is told. */
  comeWith(cursor: string, withinMs: number): Promise<boolean>
  live(): number
  errors(): Readonly<Record<string, number>>
  close(): void
}

/** Which channels the viewers of a group listen to. */
export const CHANNELS: Readonly<Record<string, string>> = {
  market: 'market.**',
  sensors: 'sensor.**',
  port: 'port.**',
  blog: 'blog.**',
}
const POLL_MS = 20

/** Clients of this repository, each with a seat; a client that returns to a seat continues from its cursor. */
export function createViewers(options: ViewerOptions): Viewers {
  const { groupOf, accounts, times, entryOf, httpUrl, socketUrl } = options
  const clients: (Tidewire | null)[] = groupOf.map(() => null)
  const cursors = new Map<string, string>()
  const errors: Record<string, number> = {}
  const connectOptions = {
    httpUrl,
    socketUrl,
    credentials: { apiKey: API_KEY },
    storage: {
      getItem: (key: string) => cursors.get(key) ?? null,
      setItem: (key: string, value: string) => void cursors.set(key, value),
    },
    onError: ({ code }: { code: string }) => {
      errors[code] = (errors[code] ?? 0) + 1
    },
    openSocket: (url: string) => new WebSocket(url, { perMessageDeflate: false }),
  }

  function take(viewer: number): void {
    const client = connect(connectOptions)
    clients[viewer] = client
    const since = performance.now()
    const channels = [CHANNELS[groupOf[viewer] ?? ''] ?? '**']
    client.subscribe(
      { channels },
      ({ topic, partition, offset, event }) => {
        const entry = entryOf(event.id, event.source)
        const now = performance.now()
        const ms = accounts.arrived(viewer, entry, { topic, partition, offset }, now)
        // What a viewer missed while it was away is late by its own choice.
        if (ms !== null && now - ms >= since) times.add('delivery', ms)
      },
      {
        key: `viewer-${viewer}`,
        onError: connectOptions.onError,
        onGap: ({ reason }) => accounts.gap(viewer, reason, performance.now()),
      },
    )
  }

  /** Amid a replay a stored cursor is that of its begin, so only who is live may leave. */
  function leave(): number | null {
    const live = [...clients.keys()].filter((viewer) => clients[viewer]?.state === 'live')
    const viewer = live[Math.floor(Math.random() * live.length)]
    if (viewer === undefined) return null
    clients[viewer]?.close()
    clients[viewer] = null
    return viewer
  }

  return {
    async open() {
      for (const [viewer, client] of clients.entries()) if (client === null) take(viewer)
      while (clients.some((client) => client?.state !== 'live')) await sleep(POLL_MS)
    },
    replace(count) {
      for (let turn = 0; turn < count; turn++) {
        const viewer = leave()
        if (viewer !== null) take(viewer)
      }
    },
    away(ms) {
      const viewer = leave()
      if (viewer !== null) setTimeout(() => clients[viewer] ?? take(viewer), ms).unref()
    },
    async comeWith(cursor, withinMs) {
      const { storage: _, ...options } = connectOptions
      const client = connect(options)
      const begin = performance.now()
      let isTold = false
      client.subscribe({ channels: ['market.**'], since: cursor }, () => {}, {
        onGap: () => {
          if (!isTold) times.add('trimmed', performance.now() - begin)
          isTold = true
        },
      })
      while (!isTold && performance.now() - begin < withinMs) await sleep(POLL_MS)
      client.close()
      return isTold
    },
    live: () => clients.filter((client) => client?.state === 'live').length,
    errors: () => errors,
    close() {
      for (const client of clients) client?.close()
    },
  }
}
