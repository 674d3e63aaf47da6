import { type Clock, systemClock } from './clock.ts'
import type { Credentials, Fetch } from './credentials.ts'
import type { CursorStorage } from './cursor-store.ts'
import type { OpenSocket } from './open-link.ts'
import type { ClientError } from './subscriber.ts'

/** How to reach Tidewire. All times are milliseconds. */
export type ConnectOptions = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly credentials: Credentials
  /** How often to poll while sockets fail. */
  readonly pollMs?: number
  /** How often to ping; the gateway closes a connection that is idle for 10 minutes. */
  readonly pingMs?: number
  readonly pongTimeoutMs?: number
  /** How old a connection gets before its successor takes over; the gateway ends it at 2 h. */
  readonly maxConnectionMs?: number
  /** How long a subscribe or an opening socket may stay without an answer. */
  readonly answerTimeoutMs?: number
  readonly storage?: CursorStorage
  /** Errors that concern no single subscription, or one that has no `onError` of its own. */
  readonly onError?: (error: ClientError) => void
  readonly openSocket?: OpenSocket
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: () => number
  /** Where `online`, `offline` and `pagehide` come from; the browser's window by default. */
  readonly hints?: unknown
}

/** Fills in what the caller left out. */
export function withDefaults(options: ConnectOptions) {
  return {
    pollMs: 30_000,
    pingMs: 60_000,
    pongTimeoutMs: 10_000,
    maxConnectionMs: 110 * 60_000,
    answerTimeoutMs: 10_000,
    onError: (error: ClientError) => console.error('tidewire:', error.code, error.detail, error.cause ?? ''),
    openSocket: (url: string) => new WebSocket(url),
    fetch: (url: string, init?: RequestInit) => globalThis.fetch(url, init),
    clock: systemClock,
    random: Math.random,
    hints: globalThis,
    ...options,
    httpUrl: options.httpUrl.replace(/\/$/, ''),
  }
}

export type Settings = ReturnType<typeof withDefaults>
