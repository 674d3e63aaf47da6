import type { ServerFrame } from '#shared/core/messages.ts'
import { overallState, stateOf, type TidewireState } from './client-state.ts'
import {
  abandonLine,
  type Connection,
  checkConnection,
  closeConnection,
  confirmLine,
  openConnection,
  outgoingLine,
  preferredLine,
  sendOn,
  settleLines,
} from './connection.ts'
import { createAccess } from './credentials.ts'
import { PageError } from './fetch-json.ts'
import { createFetchView, type FetchView } from './fetch-view.ts'
import type { FollowedView } from './follow-view.ts'
import { createFetchPage } from './http-pages.ts'
import { listenToHints } from './network-hints.ts'
import type { Settings } from './options.ts'
import { createPoller, type Poller } from './poller.ts'
import {
  type Hub,
  lineLost,
  lineOpened,
  poll,
  type Subscriber,
  stopSubscriber,
  takeFrame,
} from './subscriber.ts'
import { isOver } from './subscription-state.ts'

/** Everything of one `connect()`: the connection and the subscriptions that share it. */
export type Client = {
  readonly settings: Settings
  readonly subscribers: Map<string, Listening>
  readonly views: Set<Pick<FollowedView<unknown>, 'close'>>
  readonly fetchView: FetchView
  readonly connection: Connection
  readonly hub: Hub
  readonly poller: Poller
  readonly listeners: Set<(state: TidewireState) => void>
  readonly stopHints: () => void
  /** The credentials were refused when the last socket was to be opened. */
  isDenied: boolean
  state: TidewireState
  /** When the server was last heard, over a socket or HTTP; null until then. */
  lastHeard: number | null
}

export type Listening = {
  readonly subscriber: Subscriber
  readonly onState: ((state: TidewireState) => void) | undefined
  state: TidewireState
}

/** Builds a client and starts connecting. */
export function createClient(settings: Settings): Client {
  const access = createAccess(settings)
  const client: Client = {
    settings,
    subscribers: new Map(),
    views: new Set(),
    fetchView: createFetchView({ ...settings, access, timeoutMs: 3 * settings.answerTimeoutMs }),
    connection: openConnection(connectionSettings(settings, access.socketUrl), {
      opened: (line) => opened(client, line),
      frame: (line, frame) => received(client, line, frame),
      lost: (line) => lost(client, line),
      trouble: () => {
        // Polling would be refused as well.
        if (!client.isDenied) client.poller.start()
        refresh(client)
      },
      error: (cause) => failed(client, cause),
    }),
    hub: createHub(settings, access, () => client),
    poller: createPoller(settings, (signal) => pollAll(client, signal)),
    listeners: new Set(),
    stopHints: listenToHints(settings.hints, {
      changed: () => checkConnection(client.connection),
      leaving: () => each(client, ({ store }) => store?.flush()),
    }),
    isDenied: false,
    state: 'connecting',
    lastHeard: null,
  }
  return client
}

function connectionSettings(settings: Settings, url: () => Promise<string>) {
  const { answerTimeoutMs } = settings
  return {
    ...settings,
    url,
    openTimeoutMs: answerTimeoutMs,
    stableMs: 10_000,
    troubleMs: 15_000,
    troubleFailures: 3,
  }
}

function createHub(settings: Settings, access: ReturnType<typeof createAccess>, client: () => Client): Hub {
  const { clock, random, answerTimeoutMs } = settings
  const fetchPage = createFetchPage({ ...settings, access, timeoutMs: 3 * answerTimeoutMs })
  return {
    clock,
    random,
    askTimeoutMs: answerTimeoutMs,
    fetchPage: async (...request) => {
      const page = await fetchPage(...request)
      client().lastHeard = clock.now()
      return page
    },
    preferred: () => preferredLine(client().connection),
    send: (line, message) => sendOn(client().connection, line, message),
    confirm: (line) => confirmLine(client().connection, line),
    check: () => checkConnection(client().connection),
    changed: () => refresh(client()),
  }
}

function each(client: Client, visit: (subscriber: Subscriber) => void): void {
  for (const { subscriber } of [...client.subscribers.values()]) visit(subscriber)
}

/** A socket could not be opened. It is tried again with backoff, whatever the reason. */
function failed(client: Client, cause: unknown): void {
  const { onError } = client.settings
  client.isDenied = cause instanceof PageError && cause.code === 'http_401'
  if (client.isDenied) client.poller.stop()
  if (cause instanceof PageError) onError({ code: cause.code, detail: cause.message, cause })
  else onError({ code: 'connect_failed', detail: 'the socket could not be opened', cause })
}

function opened(client: Client, line: string): void {
  client.isDenied = false
  if (client.subscribers.size === 0) confirmLine(client.connection, line)
  each(client, (subscriber) => lineOpened(subscriber, line))
  refresh(client)
}

function lost(client: Client, line: string): void {
  each(client, (subscriber) => lineLost(subscriber, line))
  refresh(client)
}

function received(client: Client, line: string, frame: ServerFrame): void {
  client.lastHeard = client.settings.clock.now()
  if (frame.type === 'error' && frame.id === undefined) {
    if (frame.code === 'expired') abandonLine(client.connection, line)
    else client.settings.onError({ code: frame.code, detail: frame.detail })
  } else each(client, (subscriber) => takeFrame(subscriber, line, frame))
}

async function pollAll(client: Client, signal: AbortSignal): Promise<void> {
  for (const { subscriber } of client.subscribers.values()) {
    if (signal.aborted) return
    await poll(subscriber, signal)
  }
}

/** Draws the consequences of any change: the old line may end, polling may end, and listeners are told. */
export function refresh(client: Client): void {
  if (client.state === 'closed') return
  const states = [...client.subscribers.values()].map(({ subscriber }) => subscriber.state)
  const outgoing = outgoingLine(client.connection)
  if (outgoing !== null && !states.some(({ source }) => source === outgoing)) settleLines(client.connection)
  const open = preferredLine(client.connection) !== null
  if (open && states.every((state) => isOver(state) || state.source !== null)) client.poller.stop()
  const polling = client.poller.running()
  for (const listening of client.subscribers.values()) {
    const next = stateOf(listening.subscriber.state, polling)
    if (next === listening.state) continue
    listening.state = next
    listening.onState?.(next)
  }
  const known = [...client.subscribers.values()].map(({ state }) => state)
  tell(client, overallState(known, open, polling))
}

function tell(client: Client, state: TidewireState): void {
  if (client.state === state || client.state === 'closed') return
  client.state = state
  for (const listener of [...client.listeners]) listener(state)
}

/** Ends everything, keeping the stored cursors. */
export function closeClient(client: Client): void {
  if (client.state === 'closed') return
  for (const view of client.views) view.close()
  client.views.clear()
  each(client, stopSubscriber)
  client.poller.stop()
  client.stopHints()
  closeConnection(client.connection)
  tell(client, 'closed')
  for (const { onState } of client.subscribers.values()) onState?.('closed')
  client.subscribers.clear()
}
