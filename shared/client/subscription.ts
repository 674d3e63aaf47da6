import { type Cursor, formatCursor, type NotRecovered, parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import type {
  ErrorFrame,
  EventsFrame,
  ServerFrame,
  Since,
  SubscribedFrame,
  SubscribeMessage,
} from '#shared/core/messages.ts'
import { createPositions } from './positions.ts'

export type SubscriptionDefinition = Interest & { readonly id: string; readonly since?: Since }

/**
 * Events were lost: they are older than the log, or their topic was deleted and created again. With the reason `ahead`
 * the log was restored to an earlier state, and events of before may come again.
 */
export type Gap = { readonly reason: NotRecovered }

export type SubscriptionOutput = {
  readonly event: (positioned: PositionedEvent) => void
  readonly gap: (gap: Gap) => void
  readonly error: (error: { readonly code: string; readonly detail: string }) => void
}

/** What a subscription is doing. It stays `live` on its old line while it asks on the next one. */
export type Phase = 'idle' | 'asking' | 'live' | 'catching_up' | 'refused' | 'stopped'

/** What the owner of a subscription must do about a frame. `replayed`: continue to wait for the response. */
export type Reaction = 'none' | 'replayed' | 'live' | 'ask_again' | 'catch_up' | 'refused'

/** A page of `GET /events/since`. */
export type Page = {
  readonly events: readonly PositionedEvent[]
  readonly cursor: string
  readonly recovered: boolean
  readonly reason?: NotRecovered
}

/** One subscription on any number of lines and pages. Lines are known by their ids. */
export type Subscription = {
  readonly id: string
  readonly interest: Interest
  readonly phase: () => Phase
  /** Whether it was refused or stopped. */
  readonly isOver: () => boolean
  /** Whether it may ask on a line: it is not over, nor catching up over HTTP. */
  readonly canAsk: () => boolean
  /** Whether the server has given a position to resume from. */
  readonly hasStarted: () => boolean
  /** The line whose live frames are applied; null if there is none. */
  readonly source: () => string | null
  /** The line that was asked and has not answered yet; null if there is none. */
  readonly asking: () => string | null
  /** Where to resume. */
  readonly resumeFrom: () => Since
  /** How far it has come; null before the server has given a position, and while a replay has no `subscribed` yet. */
  readonly position: () => Cursor | null
  /** Returns the message that asks on a line. Live frames of another line are applied until this one has answered. */
  readonly ask: (line: string) => SubscribeMessage
  /** Takes a frame that came over a line. */
  readonly receive: (line: string, frame: ServerFrame) => Reaction
  /**
   * Applies a page that was read from `since`, a current or earlier `resumeFrom`. Returns whether the position
   * advanced.
   */
  readonly receivePage: (page: Page, since: Since) => boolean
  /** Forgets a line that is gone. */
  readonly drop: (line: string) => void
  /** Has caught up over HTTP: it may ask on a line again. */
  readonly caughtUp: () => void
  /** Ends permanently, because the server refused it or the caller stopped it. */
  readonly end: (how: 'refused' | 'stopped') => void
}

/** The ask that has no answer yet, with the live frames that are held back until it has (docs/architecture.md, I3). */
type Ask = {
  readonly line: string
  readonly since: Since
  readonly held: PositionedEvent[]
  /** Whether a page has told meanwhile that the log cannot continue from `since`. */
  isTold: boolean
}

/** Codes that asking again would only repeat. */
const PERMANENT = /^(forbidden|malformed|invalid)/

/**
 * Creates a subscription that has asked for nothing yet: the client's part of docs/architecture.md, I3–I6, without
 * timers and sockets. One rule makes every interleaving safe: each source (a replay, a live line, a page) is complete
 * from a point at or below the own position. So whichever is ahead may advance it, and the others' repeats are dropped.
 * Throws CursorError if `since` is a malformed cursor.
 */
export function createSubscription(
  { id, channels, filter, since = 'latest' }: SubscriptionDefinition,
  output: SubscriptionOutput,
  positionsFrom = createPositions,
): Subscription {
  const interest: Interest = { channels, ...(filter && { filter }) }
  const progress = createProgress(since, positionsFrom)
  let attempt = 0
  let asked: Ask | null = null
  let source: string | null = null
  let ended: 'catching_up' | 'refused' | 'stopped' | null = null

  const isOver = () => ended === 'refused' || ended === 'stopped'
  function end(how: 'refused' | 'stopped') {
    asked = null
    source = null
    ended = how
  }
  function ask(line: string): SubscribeMessage {
    if (source === line) source = null
    ended = null
    asked = { line, since: progress.resumeFrom(), held: [], isTold: false }
    attempt++
    return { action: 'subscribe', id, attempt, ...interest, since: asked.since }
  }
  /** Returns the request that a frame is the response to; null for an older attempt (docs/architecture.md, I5). */
  function answeredBy(line: string, frame: EventsFrame | SubscribedFrame): Ask | null {
    return asked?.line === line && (frame.attempt ?? 1) === attempt ? asked : null
  }
  function apply(events: readonly PositionedEvent[]) {
    for (const positioned of events) {
      if (isOver()) return // a callback may stop it between two events
      if (matchesInterest(interest, positioned.event) && progress.advance(positioned))
        output.event(positioned)
    }
  }
  function receiveEvents(line: string, frame: EventsFrame): Reaction {
    if (frame.replay) {
      const answered = answeredBy(line, frame)
      if (answered === null) return 'none'
      const isRewound = !answered.isTold && progress.replayFrom(answered.since, frame.epochs)
      // Another line is complete from the old position only.
      if (isRewound) source = null
      apply(frame.events)
      return 'replayed'
    }
    if (asked?.line === line) asked.held.push(...frame.events)
    else if (source === line) apply(frame.events)
    return 'none'
  }
  function receiveSubscribed(line: string, frame: SubscribedFrame): Reaction {
    const answered = answeredBy(line, frame)
    if (answered === null) return 'none'
    if (progress.isOutdated(answered.since)) return 'ask_again'
    const isTooFar = !frame.recovered && frame.reason === 'too_far'
    asked = null
    source = isTooFar ? null : line // what comes live now lies above what is still missing
    if (isTooFar) {
      ended = 'catching_up'
      return 'catch_up'
    }
    const isNews = !frame.recovered && !answered.isTold
    progress.settle(frame.cursor, isNews ? answered.since : null)
    if (isNews) output.gap({ reason: frame.reason ?? 'trimmed' })
    apply(answered.held)
    return 'live'
  }
  /** The line has missed a frame: nothing of it counts until it was asked again (docs/architecture.md, I6). */
  function receiveGap(line: string): Reaction {
    if (source === line) source = null
    else if (asked?.line !== line) return 'none'
    return asked === null || asked.line === line ? 'ask_again' : 'none'
  }
  function receiveError({ code, detail }: ErrorFrame): Reaction {
    const isPermanent = PERMANENT.test(code)
    if (isPermanent) end('refused')
    output.error({ code, detail })
    return isPermanent ? 'refused' : 'none'
  }
  function receive(line: string, frame: ServerFrame): Reaction {
    if (isOver() || !isFor(id, frame)) return 'none'
    if (frame.type === 'events') return receiveEvents(line, frame)
    if (frame.type === 'subscribed') return receiveSubscribed(line, frame)
    if (frame.type === 'gap') return receiveGap(line)
    if (frame.type === 'error') return receiveError(frame)
    // A pong may be older than an ask that is under way; then the next one says it again.
    return frame.type === 'pong' && frame.behind && source === line ? receiveGap(line) : 'none'
  }
  function receivePage(page: Page, from: Since): boolean {
    if (isOver() || progress.isOutdated(from)) return false
    const before = progress.resumeFrom()
    // What is lost from an earlier position is told from the present one too, if it is lost from there.
    if (!page.recovered && from !== before) return false
    if (progress.beginPage(from, page)) source = null
    if (!page.recovered) {
      if (asked?.since === from) asked.isTold = true
      output.gap({ reason: page.reason ?? 'trimmed' })
    }
    apply(page.events)
    if (isOver()) return false // stopped by the caller halfway through the page
    progress.endPage(page.cursor)
    return progress.resumeFrom() !== before
  }
  return {
    id,
    interest,
    phase: () => ended ?? (source !== null ? 'live' : asked ? 'asking' : 'idle'),
    isOver,
    canAsk: () => ended === null,
    hasStarted: progress.hasStarted,
    source: () => source,
    asking: () => asked?.line ?? null,
    resumeFrom: progress.resumeFrom,
    position: progress.position,
    ask,
    receive,
    receivePage,
    drop: (line) => {
      if (source === line) source = null
      if (asked?.line === line) asked = null
    },
    caughtUp: () => {
      if (ended === 'catching_up') ended = null
    },
    end,
  }
}

function isFor(id: string, frame: ServerFrame): boolean {
  if ('ids' in frame) return frame.ids.includes(id)
  return frame.type === 'pong' || ('id' in frame && frame.id === id)
}

/** How far a subscription has come, and from where it resumes. */
function createProgress(since: Since, positionsFrom: typeof createPositions) {
  let hasStarted = since.includes('@')
  const positions = positionsFrom(hasStarted ? parseCursor(since) : undefined)
  /**
   * Where a replay began that has no `subscribed` yet. Only `subscribed` says whether events before the replay are
   * lost: a resumption from what a cut-off replay gave would never hear of it.
   */
  let unsettled: Since | null = null
  /** From where a replay began for which the position was put back to what the log has. */
  let rewound: Since | null = null

  function rewind(from: Since, log: Cursor, isComplete: boolean): boolean {
    if (!from.includes('@')) return false
    const before = formatCursor(positions.cursor())
    positions.rewind(parseCursor(from), log, isComplete)
    return formatCursor(positions.cursor()) !== before
  }

  /** Before the first `subscribed` nothing was promised, so it is the caller's own start. */
  function resumeFrom(): Since {
    if (unsettled !== null) return unsettled
    return hasStarted ? formatCursor(positions.cursor()) : since
  }
  return {
    hasStarted: () => hasStarted,
    resumeFrom,
    position: () => (hasStarted && unsettled === null ? positions.cursor() : null),
    advance: positions.advance,
    /**
     * Whether an answer to `from` may leave out events above the position: `latest` means the server's own moment, and
     * another source has given a position in the meantime.
     */
    isOutdated: (from: Since) => from === 'latest' && hasStarted,
    /** Returns whether the position was put back, because the log ends before it. */
    replayFrom: (from: Since, epochs?: string): boolean => {
      unsettled = from
      if (epochs === undefined) return false
      const log = parseCursor(epochs)
      positions.adoptEpochs(log)
      if (!rewind(from, log, false)) return false
      rewound = from
      return true
    },
    /** `lostFrom` is where the log could not continue from. */
    settle: (cursor: string, lostFrom: Since | null) => {
      if (lostFrom !== null) rewind(lostFrom, parseCursor(cursor), true)
      hasStarted = true
      unsettled = null
      rewound = null
      positions.merge(parseCursor(cursor))
    },
    /** Returns whether the position was put back, because the log ends before it. */
    beginPage: (from: Since, { cursor, recovered }: Page): boolean => {
      if (from === unsettled) unsettled = null
      const reached = parseCursor(cursor)
      positions.adoptEpochs(reached)
      const isRewound = !recovered && from !== rewound && rewind(from, reached, true)
      if (isRewound) rewound = from
      return isRewound
    },
    endPage: (cursor: string) => {
      positions.merge(parseCursor(cursor))
      hasStarted = true
    },
  }
}
