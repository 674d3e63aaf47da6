import { parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type {
  ErrorFrame,
  EventsFrame,
  NotRecovered,
  ServerFrame,
  Since,
  SubscribedFrame,
} from '#shared/core/messages.ts'
import { apply, end, isOutdated, isOver, resumeFrom, type SubscriptionState } from './subscription-state.ts'

/** What is to be done about a frame: nothing, wait on, be glad, ask again, catch up over HTTP, give up. */
export type Reaction = 'none' | 'replayed' | 'live' | 'ask_again' | 'catch_up' | 'refused'

/** A page of `GET /events/since`. */
export type Page = {
  readonly events: readonly PositionedEvent[]
  readonly cursor: string
  readonly recovered: boolean
  readonly reason?: NotRecovered
}

/** Codes that asking again would only repeat. */
const PERMANENT = /^(forbidden|malformed|invalid)/

/** Takes a frame that came over a connection. */
export function receive(state: SubscriptionState, connection: string, frame: ServerFrame): Reaction {
  if (isOver(state)) return 'none'
  switch (frame.type) {
    case 'events':
      return frame.ids.includes(state.id) ? receiveEvents(state, connection, frame) : 'none'
    case 'subscribed':
      return frame.id === state.id ? receiveSubscribed(state, connection, frame) : 'none'
    case 'gap':
      return frame.ids.includes(state.id) ? receiveGap(state, connection) : 'none'
    case 'pong':
      // It may be older than an ask that is under way; then the next pong tells again.
      return frame.behind && state.source === connection ? receiveGap(state, connection) : 'none'
    case 'error':
      return frame.id === state.id ? receiveError(state, frame) : 'none'
    default:
      return 'none'
  }
}

function isAnswer(
  { asked, attempt }: SubscriptionState,
  connection: string,
  frame: { attempt?: number },
): boolean {
  return asked?.connection === connection && (frame.attempt ?? 1) === attempt
}

function receiveEvents(state: SubscriptionState, connection: string, frame: EventsFrame): Reaction {
  if (frame.replay) {
    if (!state.asked || !isAnswer(state, connection, frame)) return 'none'
    state.unsettled = state.asked.since
    apply(state, frame.events)
    return 'replayed'
  }
  if (state.asked?.connection === connection) state.asked.held.push(...frame.events)
  else if (state.source === connection) apply(state, frame.events)
  return 'none'
}

function receiveSubscribed(state: SubscriptionState, connection: string, frame: SubscribedFrame): Reaction {
  if (!state.asked || !isAnswer(state, connection, frame)) return 'none'
  const { held, since } = state.asked
  if (isOutdated(state, since)) return 'ask_again'
  state.asked = null
  if (!frame.recovered && frame.reason === 'too_far') {
    state.source = null // what comes live now lies above what is still missing
    state.ended = 'catching_up'
    return 'catch_up'
  }
  state.source = connection
  state.started = true
  state.unsettled = null
  state.positions.merge(parseCursor(frame.cursor))
  if (!frame.recovered) state.output.gap({ reason: frame.reason ?? 'trimmed' })
  apply(state, held)
  return 'live'
}

/** The connection has missed something: nothing of it counts until it was asked again. */
function receiveGap(state: SubscriptionState, connection: string): Reaction {
  const asking = state.asked?.connection
  if (state.source === connection) state.source = null
  else if (asking !== connection) return 'none'
  return asking === undefined || asking === connection ? 'ask_again' : 'none'
}

function receiveError(state: SubscriptionState, { code, detail }: ErrorFrame): Reaction {
  const permanent = PERMANENT.test(code)
  if (permanent) end(state, 'refused')
  state.output.error({ code, detail })
  return permanent ? 'refused' : 'none'
}

/** Takes a page that was read from `since`, a `resumeFrom` of now or of before; true if it moved the position. */
export function receivePage(state: SubscriptionState, page: Page, since: Since): boolean {
  if (isOver(state) || isOutdated(state, since)) return false
  const before = resumeFrom(state)
  if (since === state.unsettled) state.unsettled = null
  const cursor = parseCursor(page.cursor)
  state.positions.adoptEpochs(cursor)
  if (!page.recovered) state.output.gap({ reason: page.reason ?? 'trimmed' })
  apply(state, page.events)
  if (isOver(state)) return false // stopped by the caller halfway through the page
  state.positions.merge(cursor)
  state.started = true
  return resumeFrom(state) !== before
}
