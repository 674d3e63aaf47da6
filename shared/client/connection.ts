import type { ClientMessage, ServerFrame } from '#shared/core/messages.ts'
import { type Clock, timeOfDayAt } from './clock.ts'
import { PageError } from './http.ts'
import { dialLine, type Line, type LineSettings } from './line.ts'
import { createRedial } from './redial.ts'
import type { Signals } from './signals.ts'
import { watchSleep } from './watch-sleep.ts'

export type ConnectionSettings = LineSettings & {
  readonly signals: Signals
}

/** A socket as it is handed out. Once it is gone, nothing happens that is asked of it. */
export type OpenLine = {
  readonly id: string
  readonly send: (message: ClientMessage) => void
  /** Says that the line works: something was answered on it. */
  readonly confirm: () => void
  /** Gives the line up and connects again. */
  readonly abandon: () => void
}

export type ConnectionEvents = {
  readonly opened: (line: OpenLine) => void
  readonly frame: (line: OpenLine, frame: ServerFrame) => void
  readonly lost: (line: string) => void
  /** It has been too long, or failed too often, without a line that works. May be called more than once. */
  readonly trouble: () => void
  /** A socket could not be opened. It is tried again with backoff. */
  readonly failed: (cause: unknown) => void
  /** There is no newer credential for an open line yet. It is tried again. */
  readonly notRenewed: (cause: unknown) => void
  /** The machine has slept, its network has changed, or the page was away: other requests that are under way may be dead as well. */
  readonly disturbed: () => void
  /** The page is hidden or closed. */
  readonly leaving: () => void
}

/** The way to the server. */
export type Connection = {
  /** Reports everything that happens to one listener. Call it once, in the turn that opened the connection. */
  readonly on: (events: ConnectionEvents) => void
  /** The line to ask on: the successor as soon as it is open. Null while there is none. */
  readonly line: () => OpenLine | null
  /** Sends on every open line. */
  readonly send: (message: ClientMessage) => void
  /** Closes the old line if a successor is open and nothing uses the old one any more. */
  readonly settle: (isUsed: (line: string) => boolean) => void
  /** Finds out at once whether the server is there. */
  readonly check: () => void
  /** The server responds over HTTP again: a socket that is waited for is tried within 2 s. */
  readonly encourage: () => void
  /** Since when the server has given no sign of life although it was pinged, in epoch milliseconds; null if it has. */
  readonly unansweredSince: () => number | null
  readonly close: () => void
}

/** A line that lived this long is stable. */
const STABLE_MS = 10_000
/** After this time without a working line, or this number of consecutive failures, trouble is reported. */
const TROUBLE_MS = 15_000
const TROUBLE_FAILURES = 3
/** A socket that has been opening for this long is given up when the page is back. */
const IMPATIENT_MS = 2500
/** Signs that a page is back come in bursts. */
const BURST_MS = 1000

type Dialled = { readonly line: Line; readonly open: OpenLine }

/**
 * Connects, and stays connected until it is closed: one open line, followed by the next one before the gateway ends it
 * (make before break). `candidate` is dialled while `active` still carries everything, and takes over when it is
 * settled or when `active` breaks.
 */
export function openConnection(settings: ConnectionSettings): Connection {
  const { clock } = settings
  let listener: ConnectionEvents | null = null
  const redial = createRedial(settings, dial)
  const alarm = createAlarm(clock, () => listener?.trouble())
  const disturb = oncePerBurst(clock, () => listener?.disturbed())
  const stopSignals = settings.signals({
    changed: returnedElsewhere,
    returned,
    attended: () => {
      active?.line.attended()
      candidate?.line.attended()
      redial.urge()
    },
    leaving: () => listener?.leaving(),
  })
  const stopWatch = watchSleep(clock, returnedElsewhere)
  let active: Dialled | null = null
  let candidate: Dialled | null = null
  let dialled = 0
  let dialledAt = 0
  let isClosed = false

  function dial() {
    redial.begun()
    dialledAt = clock.elapsed()
    const line = dialLine(`line-${++dialled}`, settings, {
      opened: () => opened(own),
      frame: (frame) => listener?.frame(open, frame),
      lost: (cause) => {
        if (cause !== undefined) listener?.failed(cause)
        if (cause instanceof PageError && cause.code === 'http_429') redial.relent()
        lose(own)
      },
      notRenewed: (cause) => listener?.notRenewed(cause),
      due: () => {
        if (own === active && candidate === null) dial()
      },
    })
    const open = handedOut(line, { confirm: () => confirm(line), abandon: () => lose(own) })
    const own: Dialled = { line, open }
    candidate = own
  }
  function opened(own: Dialled) {
    if (active === null) promote()
    listener?.opened(own.open)
  }
  function promote() {
    active = candidate
    candidate = null
  }
  function lose(own: Dialled) {
    if (own !== active && own !== candidate) return
    own.line.close()
    if (own === candidate) candidate = null
    else if (candidate?.line.isOpen()) promote()
    else active = null
    alarm.lost(own.line.id)
    listener?.lost(own.line.id)
    alarm.look()
    planDial()
  }
  function planDial() {
    if (!isClosed && candidate === null && (active === null || active.line.isDue())) redial.plan()
  }
  /** What was dialled before is dead, most likely. A burst of calls is one check of each line, and one dial. */
  function returned() {
    active?.line.returned()
    if (candidate?.line.isOpen()) candidate.line.returned()
    else if (candidate && clock.elapsed() - dialledAt >= IMPATIENT_MS) {
      candidate.line.close()
      dial()
    }
    redial.urge()
    disturb()
  }
  /** The network may be another one: it need not fail as it did a moment ago. */
  function returnedElsewhere() {
    returned()
    redial.hurry()
  }
  function confirm(line: Line) {
    if (line.isOpen() && alarm.confirm(line.id)) line.after(STABLE_MS, redial.settled)
  }
  function check() {
    active?.line.check()
    candidate?.line.check()
    redial.hurry()
  }
  alarm.look()
  dial()
  return {
    on: (events) => {
      listener = events
    },
    line: () => (candidate?.line.isOpen() ? candidate.open : (active?.open ?? null)),
    send: (message) => {
      for (const each of [active, candidate]) each?.open.send(message)
    },
    settle: (isUsed) => {
      const old = active
      if (old === null || !candidate?.line.isOpen() || isUsed(old.line.id)) return
      promote()
      old.line.close()
      alarm.forget(old.line.id)
      listener?.lost(old.line.id)
    },
    check,
    encourage: redial.encourage,
    unansweredSince: () => {
      const at = active?.line.unansweredSince() ?? null
      return at === null ? null : timeOfDayAt(clock, at)
    },
    close: () => {
      isClosed = true
      stopSignals()
      stopWatch()
      redial.stop()
      alarm.stop()
      for (const each of [active, candidate]) each?.line.close()
      active = null
      candidate = null
    },
  }
}

/** A line as the owner of a connection gets it. */
function handedOut(line: Line, does: Pick<OpenLine, 'confirm' | 'abandon'>): OpenLine {
  const send = (message: ClientMessage) => {
    if (line.isOpen()) line.send(message)
  }
  return { id: line.id, send, ...does }
}

function oncePerBurst({ elapsed }: Clock, run: () => void): () => void {
  let at = Number.NEGATIVE_INFINITY
  return () => {
    if (elapsed() - at < BURST_MS) return
    at = elapsed()
    run()
  }
}

/** Rings when it has been too long, or failed too often, without a line that works. */
function createAlarm(clock: Clock, ring: () => void) {
  const working = new Set<string>()
  let failures = 0
  let isStopped = false
  let cancel: (() => void) | null = null

  function silence() {
    cancel?.()
    cancel = null
  }
  return {
    /** Returns false if it was known before that the line works. */
    confirm: (line: string): boolean => {
      if (working.has(line)) return false
      working.add(line)
      failures = 0
      silence()
      return true
    },
    lost: (line: string) => {
      if (!working.delete(line)) failures++
    },
    forget: (line: string) => {
      working.delete(line)
    },
    look: () => {
      if (isStopped || working.size > 0) return silence()
      cancel ??= clock.after(TROUBLE_MS, ring)
      if (failures >= TROUBLE_FAILURES) ring()
    },
    stop: () => {
      isStopped = true
      silence()
    },
  }
}
