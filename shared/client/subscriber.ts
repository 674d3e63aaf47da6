import type { NotRecovered, ServerFrame } from '#shared/core/messages.ts'
import { catchUp, pollOnce } from './catch-up.ts'
import type { Clock } from './clock.ts'
import type { CursorStore } from './cursor-store.ts'
import { PageError } from './fetch-json.ts'
import type { FetchPage } from './http-pages.ts'
import { type Reaction, receive } from './receive.ts'
import { ask, caughtUp, drop, end, isOver, phaseOf, type SubscriptionState } from './subscription-state.ts'

export type ClientError = { readonly code: string; readonly detail: string; readonly cause?: unknown }
export type Gap = { readonly reason: NotRecovered }

/** What a subscriber needs of the connection that it shares with others. */
export type Hub = {
  readonly clock: Clock
  readonly random: () => number
  readonly askTimeoutMs: number
  readonly fetchPage: FetchPage
  readonly preferred: () => string | null
  readonly send: (line: string, message: ReturnType<typeof ask>) => void
  readonly confirm: (line: string) => void
  readonly check: () => void
  readonly changed: () => void
}

/** A subscription at work: its state machine with the timer of its ask, its catching up and its stored cursor. */
export type Subscriber = {
  readonly state: SubscriptionState
  readonly hub: Hub
  readonly store: CursorStore | null
  readonly report: (error: ClientError) => void
  readonly aborter: AbortController
  cancelAsk: (() => void) | null
  /** How many asks in a row stayed without an answer. */
  unanswered: number
}

/** An answer is waited for at most so many times the usual timeout. */
const MOST_PATIENCE = 8

/** Asks on a line, and again whenever the answer stays out. */
export function askOnLine(subscriber: Subscriber, line: string): void {
  const { hub, state } = subscriber
  const message = ask(state, line)
  awaitAnswer(subscriber)
  hub.send(line, message)
}

/** Twice as long each time, up to MOST_PATIENCE: an answer to an older ask is ignored, so a slow server needs a longer wait. */
function awaitAnswer(subscriber: Subscriber): void {
  const { hub } = subscriber
  subscriber.cancelAsk?.()
  const patience = Math.min(MOST_PATIENCE, 2 ** subscriber.unanswered)
  subscriber.cancelAsk = hub.clock.after(patience * hub.askTimeoutMs, () => {
    subscriber.unanswered++
    hub.check() // an answer that stays out is often a socket that froze
    askIfIdle(subscriber, true)
  })
}

/** Asks on the open line, unless something is under way already. */
export function askIfIdle(subscriber: Subscriber, evenIfAsking = false): void {
  const { hub, state } = subscriber
  const line = hub.preferred()
  const phase = phaseOf(state)
  if (line && (phase === 'idle' || (evenIfAsking && state.asked))) askOnLine(subscriber, line)
}

/** A line has opened: everything moves to it. */
export function lineOpened(subscriber: Subscriber, line: string): void {
  if (subscriber.state.ended === null) askOnLine(subscriber, line)
}

/** A line is gone: what was on it goes on elsewhere. */
export function lineLost(subscriber: Subscriber, line: string): void {
  drop(subscriber.state, line)
  if (!subscriber.state.asked) subscriber.cancelAsk?.()
  askIfIdle(subscriber)
}

/** Takes a frame and does what it calls for. */
export function takeFrame(subscriber: Subscriber, line: string, frame: ServerFrame): void {
  const reaction: Reaction = receive(subscriber.state, line, frame)
  if (reaction === 'none') return
  subscriber.unanswered = 0
  if (reaction === 'replayed') awaitAnswer(subscriber)
  else if (reaction === 'ask_again') askOnLine(subscriber, line)
  else {
    subscriber.cancelAsk?.()
    if (reaction === 'live') {
      subscriber.store?.touch()
      subscriber.hub.confirm(line)
    }
    if (reaction === 'catch_up') void recover(subscriber)
  }
  subscriber.hub.changed()
}

async function recover(subscriber: Subscriber): Promise<void> {
  const { state, hub, aborter } = subscriber
  try {
    const done = await catchUp(
      state,
      { ...hub, failed: (error) => reportPage(subscriber, error) },
      aborter.signal,
    )
    if (!done) return
    caughtUp(state)
    askIfIdle(subscriber)
  } catch (error) {
    refuse(subscriber, error)
  }
  hub.changed()
}

/** One round of polling for a subscription that no socket feeds. */
export async function poll(subscriber: Subscriber, signal: AbortSignal): Promise<void> {
  const { state, hub, aborter } = subscriber
  const phase = phaseOf(state)
  if (phase !== 'idle' && phase !== 'asking') return
  try {
    await pollOnce(state, hub.fetchPage, AbortSignal.any([signal, aborter.signal]))
    subscriber.store?.touch()
  } catch (error) {
    if (signal.aborted || isOver(state)) return
    if (error instanceof PageError && !error.permanent) reportPage(subscriber, error)
    else refuse(subscriber, error)
    hub.changed()
  }
}

function refuse(subscriber: Subscriber, error: unknown): void {
  if (isOver(subscriber.state)) return
  end(subscriber.state, 'refused')
  reportPage(subscriber, error)
}

function reportPage({ report }: Subscriber, error: unknown): void {
  const code = error instanceof PageError ? error.code : 'internal'
  report({ code, detail: error instanceof Error ? error.message : String(error), cause: error })
}

/** Ends a subscription and keeps its cursor. */
export function stopSubscriber({ state, store, aborter, cancelAsk }: Subscriber): void {
  end(state, 'stopped')
  cancelAsk?.()
  aborter.abort()
  store?.flush()
}
