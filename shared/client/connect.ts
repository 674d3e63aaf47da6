import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { type Authorize, bearer, type Credentials, createAuthorize } from './authorize.ts'
import { type Clock, createElapsed } from './clock.ts'
import { openConnection } from './connection.ts'
import type { CursorStorage } from './cursor-store.ts'
import {
  type ClientError,
  guard,
  type ReceivedEvent,
  type SubscribeHandlers,
  type SubscribeRequest,
  type TidewireState,
} from './feed.ts'
import { createFeeds, type Replayed } from './feeds.ts'
import { createHttp, type Fetch, type Http } from './http.ts'
import type { OpenSocket, SocketAddress } from './line.ts'
import { browserSignals, type Signals } from './signals.ts'
import {
  definitionOf,
  type FollowedView,
  followView,
  type StateOf,
  type ViewOptions,
  type ViewSet,
} from './view.ts'

// The whole of the client's public interface: other rooms, and users of the package @tidewire/client, import only this.
export type { CloudEvent } from '#shared/core/event.ts'
export type { Filter } from '#shared/core/interest.ts'
export type { View } from '#shared/domain/define-domain.ts'
export type { Authorize, Credentials } from './authorize.ts'
export type { Clock } from './clock.ts'
export type { CursorStorage } from './cursor-store.ts'
export type {
  ClientError,
  ReceivedEvent,
  SubscribeHandlers,
  SubscribeRequest,
  TidewireState,
} from './feed.ts'
export type { Replayed } from './feeds.ts'
export type { Fetch } from './http.ts'
export type { OpenSocket, SocketLike } from './line.ts'
export type { SignalListener, Signals } from './signals.ts'
export type { Gap } from './subscription.ts'
export type { FollowedView, StateOf, ViewMoment, ViewOptions, ViewSet, ViewStatus } from './view.ts'

/** How to reach Tidewire. All times are milliseconds. */
export type ConnectOptions = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly credentials: Credentials
  /**
   * Sends an API key in the URL of the socket, which saves the request for a ticket. URLs are logged, and only the local
   * stack takes a key there. Default false.
   */
  readonly keyInUrl?: boolean
  /** How often to poll while sockets fail, if the server does not hold requests until an event comes. Default 30,000. */
  readonly pollMs?: number
  /**
   * How often to ping, up to 20 % later; the gateway closes a connection that is idle for 10 minutes. A connection that
   * delivers many events is pinged each minute. Default 300,000.
   */
  readonly pingMs?: number
  /** How long a pong may take before the socket is given up. Default 10,000. */
  readonly pongTimeoutMs?: number
  /**
   * How old a connection gets before its successor takes over; the gateway ends it at 2 h. Default 6,600,000 (110
   * min).
   */
  readonly maxConnectionMs?: number
  /**
   * How long an opening socket, or the answer to a first subscribe, may take. HTTP may take 3 times as long. Default
   * 10,000.
   */
  readonly answerTimeoutMs?: number
  /** Where the cursors of subscriptions with a `key` are kept. By default they are not. */
  readonly storage?: CursorStorage
  /**
   * Takes errors that concern no single subscription, or one that has no `onError`. By default they go to the
   * console.
   */
  readonly onError?: (error: ClientError) => void
  /**
   * Takes older events that an operator had sent to this connection (`POST /replays`). They belong to no subscription,
   * and may come again: know them by their position. By default they are dropped.
   */
  readonly onReplay?: (replayed: Replayed) => void
  /** Opens a WebSocket. By default that of the platform. */
  readonly openSocket?: OpenSocket
  /** By default that of the platform. */
  readonly fetch?: Fetch
  readonly clock?: Clock
  /** Returns numbers from 0 to 1, for backoff and the age of connections. */
  readonly random?: () => number
  /** What reports that the network changed or a user came back. By default the browser, if there is one. */
  readonly signals?: Signals
}

export type Tidewire = {
  /**
   * Calls back with each event once, in order within its partition. Returns the function that stops it. Throws
   * SubscribeError, and an error with the code `malformed_cursor` if `since` is a malformed cursor.
   */
  readonly subscribe: (
    request: SubscribeRequest,
    onEvent: (positioned: ReceivedEvent) => void,
    handlers?: SubscribeHandlers,
  ) => () => void
  /**
   * Keeps a view of a domain, or the state of one `key`, as the server has it until it is closed. Throws
   * SubscribeError.
   */
  readonly view: <Views extends ViewSet, Name extends keyof Views['views'] & string>(
    domain: Views,
    view: Name,
    options?: ViewOptions,
  ) => FollowedView<StateOf<Views, Name>>
  /** Calls back with every change of the state. Returns the function that stops it. */
  readonly onState: (listener: (state: TidewireState) => void) => () => void
  /** The worst state that any subscription has. */
  readonly state: TidewireState
  /**
   * When the server was last heard, over a socket or HTTP, in epoch milliseconds by the time of day as it is now; null
   * until then.
   */
  readonly lastHeard: number | null
  /** Since when the server has given no sign of life although it was pinged, in epoch milliseconds; null if it has. */
  readonly unansweredSince: number | null
  /** Since when polls have failed and nothing was heard, in epoch milliseconds; null if the last one did not fail. */
  readonly unreachableSince: number | null
  /** Ends every subscription and view permanently. Stored cursors are kept. */
  readonly close: () => void
}

/**
 * Thrown for a subscription that can never work: `closed` after `close`, `too_many` above the limit of a connection.
 */
export class SubscribeError extends Error {
  readonly code: 'closed' | 'too_many'
  constructor(code: 'closed' | 'too_many', message: string) {
    super(message)
    this.code = code
  }
}

/** The clock of the browser or of Node. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: createElapsed(Date.now, () => performance.now()),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Returns the headers that identify the caller of a request. Throws what `token` throws. */
export async function credentialHeaders({ apiKey, token }: Credentials): Promise<Record<string, string>> {
  return apiKey === undefined ? bearer(await token()) : { 'x-api-key': apiKey }
}

/**
 * Returns what sends requests of your own with credentials: a token that the server refuses (401) is renewed once for all
 * requests that are refused together, and the request sent once more. Each call of `token` may take `timeoutMs`
 * milliseconds.
 */
export function authorizeWith(credentials: Credentials, timeoutMs = 20_000): Authorize {
  return createAuthorize(credentials, { clock: systemClock, timeoutMs })
}

/** Connects to Tidewire and stays connected until it is closed (docs/client.md). */
export function connect(options: ConnectOptions): Tidewire {
  const settings = withDefaults(options)
  const { credentials, answerTimeoutMs, clock, random } = settings
  const http = createHttp({
    ...settings,
    authorize: createAuthorize(credentials, { clock, timeoutMs: answerTimeoutMs }),
    timeoutMs: 3 * answerTimeoutMs,
    ticketTimeoutMs: answerTimeoutMs,
  })
  const connection = openConnection({
    ...settings,
    token: credentials.token ?? null,
    address: (signal) => addressOf(settings, http, signal),
  })
  const feeds = createFeeds(settings, connection, http.page)
  const views = new Set<() => void>()

  function assertOpen() {
    if (feeds.state() === 'closed') throw new SubscribeError('closed', 'this client was closed')
  }
  const subscribe: Tidewire['subscribe'] = (request, onEvent, handlers = {}) => {
    assertOpen()
    if (feeds.size() >= SUBSCRIPTION_LIMIT)
      throw new SubscribeError('too_many', `a connection carries at most ${SUBSCRIPTION_LIMIT} subscriptions`)
    return feeds.subscribe(request, onEvent, handlers)
  }
  const view: Tidewire['view'] = (domain, name, viewOptions = {}) => {
    assertOpen()
    const { key, onChange = () => {} } = viewOptions
    const onError = viewOptions.onError ? guard(viewOptions.onError, settings.onError) : settings.onError
    const changed = guard<void>(onChange, onError)
    const request = { domain: domain.name, view: name, key, definition: definitionOf(domain, name) }
    const deps = { fetchView: http.view, subscribe, clock, random }
    const followed = followView(deps, request, { onChange: () => changed(), onError })
    views.add(followed.close)
    const close = () => {
      views.delete(followed.close)
      followed.close()
    }
    return { ...followed, close }
  }
  return {
    subscribe,
    view,
    onState: feeds.onState,
    get state() {
      return feeds.state()
    },
    get lastHeard() {
      return feeds.lastHeard()
    },
    get unansweredSince() {
      return connection.unansweredSince()
    },
    get unreachableSince() {
      return feeds.unreachableSince()
    },
    close: () => {
      for (const closeView of views) closeView()
      views.clear()
      feeds.close()
    },
  }
}

function withDefaults(options: ConnectOptions) {
  const onError = guard(options.onError ?? printError, printError)
  return {
    pollMs: 30_000,
    pingMs: 5 * 60_000,
    pongTimeoutMs: 10_000,
    maxConnectionMs: 110 * 60_000,
    answerTimeoutMs: 10_000,
    openSocket: (url: string) => new WebSocket(url),
    fetch: (url: string, init?: RequestInit) => globalThis.fetch(url, init),
    clock: systemClock,
    random: Math.random,
    keyInUrl: false,
    signals: browserSignals(globalThis),
    ...options,
    onError,
    onReplay: guard(options.onReplay ?? (() => {}), onError),
    httpUrl: options.httpUrl.replace(/\/$/, ''),
  }
}

function printError({ code, detail, cause }: ClientError): void {
  console.error('tidewire:', code, detail, cause ?? '')
}

/** Where the next socket is, with a ticket or, if that was asked for, with the key of a local stack. Throws PageError. */
async function addressOf(
  {
    socketUrl,
    credentials: { apiKey },
    keyInUrl,
  }: Pick<ConnectOptions, 'socketUrl' | 'credentials' | 'keyInUrl'>,
  { ticket }: Pick<Http, 'ticket'>,
  signal: AbortSignal,
): Promise<SocketAddress> {
  const url = new URL(socketUrl)
  if (apiKey !== undefined && keyInUrl) {
    url.searchParams.set('key', apiKey)
    return { url: url.href, expires: null, skewMs: 0 }
  }
  const bought = await ticket(signal)
  url.searchParams.set('ticket', bought.ticket)
  return { url: url.href, expires: bought.credentialExpires, skewMs: bought.skewMs }
}
