import type { Interest } from '#shared/core/interest.ts'
import type { ReceivedEvent } from '#shared/core/json/received-event.ts'
import type { ServerFrame, Since } from '#shared/core/messages.ts'
import { anySignal, type Clock, createBackoff, pause } from './clock.ts'
import type { Connection, OpenLine } from './connection.ts'
import { type CursorStorage, createCursorStore } from './cursor-store.ts'
import { type FetchPage, PAGE_LIMIT, PageError } from './http.ts'
import type { Reader } from './joint-read.ts'
import {
  createSubscription,
  type Gap,
  type Subscription,
  type SubscriptionDefinition,
} from './subscription.ts'

export type { ReceivedEvent }

export type SubscribeRequest = Interest & {
  /** `latest` (the default), `earliest`, a cursor or an RFC 3339 time. A stored cursor goes before it. */
  readonly since?: Since
}

export type ClientError = { readonly code: string; readonly detail: string; readonly cause?: unknown }

export type TidewireState = 'connecting' | 'live' | 'recovering' | 'polling' | 'closed'

export type SubscribeHandlers = {
  /**
   * Events were lost to this subscription: they are older than the log, or their topic was created again; or the log was
   * restored to an earlier state (`ahead`), and what it has comes again. Called once for each loss.
   */
  readonly onGap?: (gap: Gap) => void
  readonly onState?: (state: TidewireState) => void
  readonly onError?: (error: ClientError) => void
  /** Under which key of `storage` to keep the cursor across page loads. */
  readonly key?: string
}

export type FeedDeps = {
  readonly connection: Pick<Connection, 'line' | 'check'>
  readonly fetchPage: FetchPage
  readonly clock: Clock
  readonly random: () => number
  /** How long to wait for the answer to a first ask, in milliseconds. */
  readonly answerTimeoutMs: number
  readonly storage?: CursorStorage
  /** Takes the errors of a subscription that has no `onError`. */
  readonly onError: (error: ClientError) => void
  /** Called whenever the feed may be in another state than before. */
  readonly changed: () => void
}

/** A subscription at work: asked, caught up, polled, its cursor stored, its callbacks called. */
export type Feed = Reader & {
  /** Asks on the open line, unless it is live or an answer is awaited. */
  readonly ask: () => void
  /** A line has opened: asks on it, even if another one is live. */
  readonly opened: (line: OpenLine) => void
  readonly frame: (line: OpenLine, frame: ServerFrame) => void
  /** A line is lost; its subscriptions continue on another line. */
  readonly lost: (line: string) => void
  /** Whether it needs pages: no line feeds it, and it is not catching up. */
  readonly needsPages: () => boolean
  /** Reads over HTTP what is new. Returns false if that failed and is worth another try. */
  readonly poll: (signal: AbortSignal) => Promise<boolean>
  /** The line whose live frames are applied; null if there is none. */
  readonly source: () => string | null
  readonly isOver: () => boolean
  readonly state: (isPolling: boolean) => TidewireState
  /** Writes the cursor to the storage. */
  readonly flush: () => void
  /** Ends the subscription and keeps its cursor. */
  readonly stop: () => void
}

/** The maximum wait for a response, as a multiple of `answerTimeoutMs`. */
const PATIENCE = 8
/**
 * On a busy log the position advances with every page. After this number of pages that were not full, a socket can
 * continue.
 */
const SHORT_PAGES = 3

/** Returns a failure as it is reported: with the code of a refused request, or else with `code` and `detail`. */
export function toClientError(cause: unknown, code: string, detail?: string): ClientError {
  if (cause instanceof PageError) return { code: cause.code, detail: cause.message, cause }
  return { code, detail: detail ?? (cause instanceof Error ? cause.message : String(cause)), cause }
}

/** Creates a feed that is ready to subscribe. Throws CursorError if `since` is a malformed cursor. */
export function createFeed(
  definition: SubscriptionDefinition,
  onEvent: (positioned: ReceivedEvent) => void,
  { onGap = () => {}, onError, key }: SubscribeHandlers,
  deps: FeedDeps,
): Feed {
  const { connection, fetchPage, clock, storage, changed } = deps
  const report = onError ? guard(onError, deps.onError) : deps.onError
  const aborter = new AbortController()
  const event = guard(onEvent, report)
  const store =
    storage && key !== undefined
      ? createCursorStore({ storage, key, clock }, () =>
          subscription.hasStarted() ? subscription.resumeFrom() : null,
        )
      : null
  const stored = store?.load()
  const subscription = createSubscription(stored ? { ...definition, since: stored } : definition, {
    event: (positioned) => {
      store?.touch()
      event(positioned)
    },
    gap: guard(onGap, report),
    error: report,
  })
  let cancelWait: (() => void) | null = null
  /** How many asks in a row had no answer. */
  let unanswered = 0

  function askOn(line: OpenLine) {
    const message = subscription.ask(line.id)
    awaitAnswer()
    line.send(message)
  }
  /**
   * Doubles each time, up to PATIENCE. Responses to an older attempt are ignored, so a slow server needs a longer
   * wait.
   */
  function awaitAnswer() {
    cancelWait?.()
    cancelWait = clock.after(Math.min(PATIENCE, 2 ** unanswered) * deps.answerTimeoutMs, () => {
      unanswered++
      connection.check() // an answer that stays out is often a socket that froze
      const line = connection.line()
      if (line && subscription.asking() !== null) askOn(line)
      else ask()
    })
  }
  function ask() {
    const line = connection.line()
    if (line && subscription.phase() === 'idle') askOn(line)
  }
  function frame(line: OpenLine, received: ServerFrame) {
    const reaction = subscription.receive(line.id, received)
    if (reaction === 'live') line.confirm()
    // Nothing else is left to be done if a callback has stopped it.
    if (reaction === 'none' || (subscription.isOver() && reaction !== 'refused')) return
    unanswered = 0
    if (reaction === 'ask_again') askOn(line)
    else if (reaction === 'replayed') awaitAnswer()
    else cancelWait?.()
    if (reaction === 'live') store?.touch()
    if (reaction === 'catch_up') void recover()
    changed()
  }
  async function recover() {
    try {
      const isDone = await catchUp(subscription, deps, reportCause, aborter.signal)
      if (!isDone) return
      subscription.caughtUp()
      ask()
    } catch (cause) {
      refuse(cause)
    }
    changed()
  }
  async function poll(signal: AbortSignal): Promise<boolean> {
    const either = anySignal(signal, aborter.signal)
    try {
      await readNew(subscription, fetchPage, either.signal)
      if (!subscription.isOver()) store?.touch()
      return true
    } catch (cause) {
      if (signal.aborted || subscription.isOver()) return true
      const isWorthATry = cause instanceof PageError && !cause.permanent
      if (isWorthATry) reportCause(cause)
      else refuse(cause)
      changed()
      return !isWorthATry
    } finally {
      either.release()
    }
  }
  function receivePage(...page: Parameters<Reader['receivePage']>) {
    const hasMoved = subscription.receivePage(...page)
    if (hasMoved) store?.touch()
    return hasMoved
  }
  function refuse(cause: unknown) {
    if (subscription.isOver()) return
    subscription.end('refused')
    reportCause(cause)
  }
  const reportCause = (cause: unknown) => report(toClientError(cause, 'internal'))
  return {
    ask,
    opened: (line) => {
      if (subscription.canAsk()) askOn(line)
    },
    frame,
    lost: (line) => {
      subscription.drop(line)
      if (subscription.asking() === null) cancelWait?.()
      ask()
    },
    interest: subscription.interest,
    position: subscription.position,
    receivePage,
    needsPages: () => ['idle', 'asking'].includes(subscription.phase()),
    poll,
    source: subscription.source,
    isOver: subscription.isOver,
    state: (isPolling) => stateOf(subscription, isPolling),
    flush: () => store?.flush(),
    stop: () => {
      subscription.end('stopped')
      cancelWait?.()
      aborter.abort()
      store?.flush()
    },
  }
}

/** The state of one subscription, as its `onState` gets it. */
export function stateOf(
  { phase, hasStarted }: Pick<Subscription, 'phase' | 'hasStarted'>,
  isPolling: boolean,
): TidewireState {
  const now = phase()
  if (now === 'refused' || now === 'stopped') return 'closed'
  if (now === 'live') return 'live'
  if (isPolling) return 'polling'
  return now === 'catching_up' || (now === 'asking' && hasStarted()) ? 'recovering' : 'connecting'
}

/**
 * Reads pages from a subscription's own position until there is nothing new. Failures are reported and tried again with
 * backoff; throws PageError on a permanent refusal. Returns false if it was aborted or the subscription ended.
 */
async function catchUp(
  subscription: Subscription,
  { fetchPage, clock, random }: Pick<FeedDeps, 'fetchPage' | 'clock' | 'random'>,
  failed: (error: PageError) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const backoff = createBackoff({ random })
  let short = 0
  while (!signal.aborted && !subscription.isOver()) {
    try {
      const since = subscription.resumeFrom()
      const page = await fetchPage(subscription.interest, since, signal)
      if (signal.aborted) return false
      backoff.reset()
      const hasMoved = subscription.receivePage(page, since)
      short = page.events.length < PAGE_LIMIT ? short + 1 : 0
      if (short >= SHORT_PAGES || (!hasMoved && page.events.length === 0)) return !subscription.isOver()
    } catch (error) {
      if (!(error instanceof PageError) || error.permanent) throw error
      if (!signal.aborted) failed(error)
      await pause(clock, backoff.next(), signal)
    }
  }
  return false
}

/** Reads pages while they are full: one round of polling. Throws PageError. */
async function readNew(subscription: Subscription, fetchPage: FetchPage, signal: AbortSignal): Promise<void> {
  let isFull = true
  while (isFull && !signal.aborted && !subscription.isOver()) {
    const since = subscription.resumeFrom()
    const page = await fetchPage(subscription.interest, since, signal)
    if (signal.aborted) return
    isFull = subscription.receivePage(page, since) && page.events.length >= PAGE_LIMIT
  }
}

/**
 * A callback of the caller's that cannot break the client: what it throws is reported, and so is what its promise rejects
 * with, if it returns one. Nothing waits for that promise.
 */
export function guard<T>(
  callback: (value: T) => unknown,
  report: (error: ClientError) => void,
): (value: T) => void {
  const failed = (cause: unknown) =>
    report({ code: 'callback_failed', detail: 'a callback of the subscriber threw', cause })
  return (value) => {
    try {
      const result = callback(value)
      if (result instanceof Promise) result.catch(failed)
    } catch (cause) {
      failed(cause)
    }
  }
}
