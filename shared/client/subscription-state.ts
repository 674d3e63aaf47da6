import { formatCursor, parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import type { NotRecovered, Since, SubscribeMessage } from '#shared/core/messages.ts'
import { createPositions, type Positions } from './positions.ts'

export type SubscriptionDefinition = Interest & { readonly id: string; readonly since?: Since }

export type SubscriptionOutput = {
  readonly event: (positioned: PositionedEvent) => void
  readonly gap: (gap: { readonly reason: NotRecovered }) => void
  readonly error: (error: { readonly code: string; readonly detail: string }) => void
}

export type Phase = 'idle' | 'asking' | 'live' | 'catching_up' | 'refused' | 'stopped'

/**
 * One subscription over any number of connections and pages (DESIGN.md §5, I3–I6): no timers, no sockets.
 * One rule makes every interleaving safe: each source (a replay, a live connection, a page) is complete from a
 * point at or below the own position. So whichever is ahead may advance it, and the others' repeats are dropped.
 */
export type SubscriptionState = {
  readonly id: string
  readonly interest: Interest
  readonly since: Since
  readonly positions: Positions
  readonly output: SubscriptionOutput
  /** Whether the server has given a position to resume from. */
  started: boolean
  attempt: number
  /** The ask that has no answer yet, with the live frames that are held back until it has. */
  asked: { readonly connection: string; readonly since: Since; readonly held: PositionedEvent[] } | null
  /**
   * Where the replay began that was begun and has no `subscribed` yet. Whether events before it are lost is told only
   * then: who resumed after what a cut-off replay gave would never hear of it.
   */
  unsettled: Since | null
  /** The connection whose live frames are applied. */
  source: string | null
  ended: 'catching_up' | 'refused' | 'stopped' | null
}

/** A subscription that has asked for nothing yet. Throws CursorError if `since` is a broken cursor. */
export function createSubscriptionState(
  { id, channels, filter, since = 'latest' }: SubscriptionDefinition,
  output: SubscriptionOutput,
): SubscriptionState {
  const started = since.includes('@')
  return {
    id,
    interest: { channels, ...(filter && { filter }) },
    since,
    positions: createPositions(started ? parseCursor(since) : undefined),
    output,
    started,
    attempt: 0,
    asked: null,
    unsettled: null,
    source: null,
    ended: null,
  }
}

/** Where to resume. Before the first `subscribed` nothing was promised, so it is the caller's own start. */
export function resumeFrom({ started, positions, since, unsettled }: SubscriptionState): Since {
  if (unsettled !== null) return unsettled
  return started ? formatCursor(positions.cursor()) : since
}

/** Asks on a connection. Live frames of another connection go on being applied until this one has answered. */
export function ask(state: SubscriptionState, connection: string): SubscribeMessage {
  if (state.source === connection) state.source = null
  state.ended = null
  const since = resumeFrom(state)
  state.asked = { connection, since, held: [] }
  state.attempt++
  return { action: 'subscribe', id: state.id, attempt: state.attempt, ...state.interest, since }
}

/**
 * Whether an answer to `since` may leave out events above the position: `latest` means the server's own moment, and
 * another source has given a position in the meantime.
 */
export function isOutdated({ started }: SubscriptionState, since: Since): boolean {
  return since === 'latest' && started
}

/** Hands on the events that were asked for and are above the position, which moves up first. */
export function apply(state: SubscriptionState, events: Iterable<PositionedEvent>): void {
  for (const positioned of events) {
    if (isOver(state)) return
    if (!matchesInterest(state.interest, positioned.event)) continue
    if (state.positions.advance(positioned)) state.output.event(positioned)
  }
}

/** Forgets a connection that is gone. */
export function drop(state: SubscriptionState, connection: string): void {
  if (state.source === connection) state.source = null
  if (state.asked?.connection === connection) state.asked = null
}

/** Has caught up over HTTP: it may ask on a connection again. */
export function caughtUp(state: SubscriptionState): void {
  if (state.ended === 'catching_up') state.ended = null
}

/** Ends a subscription for good: the server refused it, or the caller stopped it. */
export function end(state: SubscriptionState, how: 'refused' | 'stopped'): void {
  state.asked = null
  state.source = null
  state.ended = how
}

/** Whether a subscription was refused or stopped. */
export function isOver({ ended }: SubscriptionState): boolean {
  return ended === 'refused' || ended === 'stopped'
}

/** What a subscription is doing. It stays live on its old connection while it asks on the next one. */
export function phaseOf({ ended, source, asked }: SubscriptionState): Phase {
  if (ended) return ended
  if (source !== null) return 'live'
  return asked ? 'asking' : 'idle'
}
