import type { ServerFrame } from '#shared/core/messages.ts'
import { type Clock, timeOfDayAt } from './clock.ts'
import type { Connection, OpenLine } from './connection.ts'
import {
  createFeed,
  type Feed,
  type FeedDeps,
  guard,
  type ReceivedEvent,
  type SubscribeHandlers,
  type SubscribeRequest,
  type TidewireState,
  toClientError,
} from './feed.ts'
import type { FetchPage } from './http.ts'
import { createPoller } from './poller.ts'

export type FeedsSettings = Omit<FeedDeps, 'connection' | 'fetchPage' | 'changed'> & {
  /** How often to poll a server that does not hold requests, in milliseconds. */
  readonly pollMs: number
  /** Takes events that were replayed to this connection. */
  readonly onReplay: (replayed: Replayed) => void
}

/** Events that an operator had sent to this connection: those of the replay with this id. */
export type Replayed = { readonly replay: string; readonly events: readonly ReceivedEvent[] }

/** Everything that is subscribed to on one connection. */
export type Feeds = {
  /** Returns the function that stops it. Throws CursorError if `since` is a malformed cursor. */
  readonly subscribe: (
    request: SubscribeRequest,
    onEvent: (positioned: ReceivedEvent) => void,
    handlers: SubscribeHandlers,
  ) => () => void
  readonly size: () => number
  readonly state: () => TidewireState
  readonly onState: (listener: (state: TidewireState) => void) => () => void
  /** When the server was last heard, over a socket or HTTP, in epoch milliseconds as it is now; null until then. */
  readonly lastHeard: () => number | null
  /** Since when HTTP fails and nothing was heard, in epoch milliseconds as it is now; null if it does not. */
  readonly unreachableSince: () => number | null
  /** Ends every subscription and the connection. */
  readonly close: () => void
}

/**
 * Errors about no subscription that end a line: its credentials have ended, it could not be refreshed, or an operator
 * closed it. The next line
 * asks for a ticket, and what is wrong is told then.
 */
const CREDENTIALS = /^(expired|closed|unauthenticated|forbidden)$/

type Member = {
  readonly feed: Feed
  /** Reports the state to the subscriber, if it is another one than before. */
  readonly report: (state: TidewireState) => void
  readonly closed: () => void
}

/**
 * Hands on what the connection reports to every feed, polls for the feeds that no line feeds while there is trouble, has
 * the old line closed when every feed is live on the next one, and sums up the states.
 */
export function createFeeds(settings: FeedsSettings, connection: Connection, fetchPage: FetchPage): Feeds {
  const { clock, onError } = settings
  const members = new Map<string, Member>()
  const listeners = new Set<(state: TidewireState) => void>()
  let subscriptions = 0
  /** The credentials were refused when the last socket was to be opened. */
  let isDenied = false
  let state: TidewireState = 'connecting'
  const contact = createContact(clock, fetchPage, connection.encourage)

  const each = (visit: (feed: Feed) => void) => {
    for (const { feed } of [...members.values()]) visit(feed)
  }
  const deps: FeedDeps = {
    ...settings,
    connection,
    fetchPage: contact.fetchPage,
    changed: refresh,
  }
  const poller = createPoller({ ...settings, fetchPage: deps.fetchPage }, () =>
    [...members.values()].map(({ feed }) => feed).filter(({ needsPages }) => needsPages()),
  )
  connection.on({
    opened: (line) => {
      isDenied = false
      if (members.size === 0) line.confirm()
      each((feed) => feed.opened(line))
      refresh()
    },
    frame: take,
    lost: (line) => {
      if (!poller.isRunning()) contact.lost()
      each((feed) => feed.lost(line))
      refresh()
    },
    disturbed: () => poller.kick(),
    trouble: () => {
      if (!isDenied) poller.start() // otherwise polling would be refused as well
      refresh()
    },
    failed: (cause) => {
      const error = toClientError(cause, 'connect_failed', 'the socket could not be opened')
      isDenied = error.code === 'http_401'
      if (isDenied) poller.stop()
      onError(error)
    },
    notRenewed: (cause) => onError(toClientError(cause, 'credentials_failed')),
    leaving: () => each((feed) => feed.flush()),
  })

  function take(line: OpenLine, frame: ServerFrame) {
    contact.heard()
    if (frame.type === 'replay') return settings.onReplay({ replay: frame.replay, events: frame.events })
    if (frame.type !== 'error' || frame.id !== undefined) each((feed) => feed.frame(line, frame))
    else if (CREDENTIALS.test(frame.code)) line.abandon()
    else onError({ code: frame.code, detail: frame.detail })
  }
  function refresh() {
    if (state === 'closed') return
    const feeds = [...members.values()].map(({ feed }) => feed)
    connection.settle((line) => feeds.some((feed) => feed.source() === line))
    const isOpen = connection.line() !== null
    if (isOpen && feeds.every((feed) => feed.isOver() || feed.source() !== null)) poller.stop()
    const isPolling = poller.isRunning()
    for (const { feed, report } of members.values()) report(feed.state(isPolling))
    const states = [...members.values()].map(({ feed }) => feed.state(isPolling))
    setState(overallState(states, isOpen, isPolling))
  }
  function guardState({ onState = () => {}, onError: ownOnError }: SubscribeHandlers) {
    return guard(onState, ownOnError ? guard(ownOnError, onError) : onError)
  }
  function setState(next: TidewireState) {
    if (state === next || state === 'closed') return
    state = next
    for (const listener of [...listeners]) listener(next)
  }
  return {
    subscribe: (request, onEvent, handlers) => {
      const id = `s${++subscriptions}`
      const feed = createFeed({ id, ...request }, onEvent, handlers, deps)
      members.set(id, { feed, ...createReporter(guardState(handlers)) })
      feed.ask()
      poller.kick()
      refresh()
      return () => {
        if (!members.delete(id)) return
        feed.stop()
        connection.send({ action: 'unsubscribe', id })
        poller.kick()
        refresh()
      }
    },
    size: () => members.size,
    state: () => state,
    onState: (listener) => {
      const guarded = guard(listener, onError)
      listeners.add(guarded)
      return () => listeners.delete(guarded)
    },
    lastHeard: contact.lastHeard,
    unreachableSince: contact.unreachableSince,
    close: () => {
      if (state === 'closed') return
      each((feed) => feed.stop())
      poller.stop()
      connection.close()
      setState('closed')
      for (const { closed } of members.values()) closed()
      members.clear()
    },
  }
}

/** Knows when the server was heard. `encourage` is called when HTTP works again, or for the first time since a loss. */
function createContact(clock: Clock, fetchPage: FetchPage, encourage: () => void) {
  let heardAt: number | null = null
  let unreachableFrom: number | null = null
  let isUntried = true
  const timeOf = (at: number | null) => (at === null ? null : timeOfDayAt(clock, at))

  function heard() {
    heardAt = clock.elapsed()
    unreachableFrom = null
  }
  const read: FetchPage = async (...request) => {
    const [, , signal] = request
    try {
      const page = await fetchPage(...request)
      heard()
      if (isUntried) encourage()
      isUntried = false
      return page
    } catch (cause) {
      if (!signal.aborted) {
        isUntried = true
        unreachableFrom ??= clock.elapsed()
      }
      throw cause
    }
  }
  return {
    heard,
    /** A line was lost: the next page says whether the server is there. */
    lost: () => {
      isUntried = true
    },
    fetchPage: read,
    lastHeard: () => timeOf(heardAt),
    unreachableSince: () => timeOf(unreachableFrom),
  }
}

function createReporter(onState: (state: TidewireState) => void): Pick<Member, 'report' | 'closed'> {
  let reported: TidewireState = 'connecting'
  return {
    report: (state) => {
      if (state === reported) return
      reported = state
      onState(state)
    },
    closed: () => onState('closed'),
  }
}

/** The state of the whole: the worst that any subscription has. */
function overallState(states: readonly TidewireState[], isOpen: boolean, isPolling: boolean): TidewireState {
  if (!isOpen) return isPolling ? 'polling' : 'connecting'
  const order = ['polling', 'connecting', 'recovering'] as const
  return order.find((state) => states.includes(state)) ?? 'live'
}
