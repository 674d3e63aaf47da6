import type { ServerFrame } from '#shared/core/messages.ts'
import type { Clock } from './clock.ts'

/** All times are milliseconds. */
export type HeartbeatSettings = {
  readonly clock: Clock
  readonly random: () => number
  readonly answerTimeoutMs: number
  readonly pingMs: number
  readonly pongTimeoutMs: number
}

/** Finds out whether the server is still there, with as few pings as that takes. */
export type Heartbeat = {
  readonly start: () => void
  /** Pings now, unless a pong is awaited. */
  readonly check: () => void
  /** Pings now if the server has been silent for a while. */
  readonly attended: () => void
  /**
   * The machine has slept, or the page was away: pings now, also if a pong is awaited, and waits for 2.5 s only. Several
   * calls within a second are one.
   */
  readonly returned: () => void
  /** A message was sent that the server answers. */
  readonly sent: () => void
  readonly heard: (frame: ServerFrame) => void
  /** When the server was pinged that has given no sign of life since, as `elapsed` of the clock; null if it has. */
  readonly unansweredSince: () => number | null
  readonly stop: () => void
}

/** The clock is looked at this often: a timer alone would stand still while the machine sleeps. */
const TICK_MS = 10_000
/** A line that was slept through is most likely dead, and somebody looks at what it shows. */
const RETURN_PATIENCE_MS = 2500
/** Signs that a page is back come in bursts: visible, shown, focused, online. */
const BURST_MS = 1000
/** A user who comes back after a shorter silence than this causes no ping. */
const SILENT_MS = 25_000
/**
 * A line that delivers events is asked this soon whether it has missed one (docs/architecture.md, I6), provided that it
 * has delivered so many frames since it was last asked that one ping more does not count.
 */
const BUSY_MS = 60_000
const BUSY_FRAMES = 20
/** A pong may take this number of timeouts if other frames arrive in each: a busy server is not a dead one. */
const PATIENCE = 3

/**
 * Pings every `pingMs`, or up to 20 % later, so that clients that connected together do not ping together. It pings at
 * once when a message stays without any sign of life for `answerTimeoutMs`. Calls `dead` if a pong does not come within
 * `pongTimeoutMs`: a frozen socket never reports a close by itself.
 */
export function createHeartbeat(
  { clock, random, answerTimeoutMs, pingMs, pongTimeoutMs }: HeartbeatSettings,
  on: { readonly ping: () => void; readonly dead: () => void },
): Heartbeat {
  let isRunning = false
  let dueAt = 0
  let busyAt = 0
  /** Live frames since the last ping. */
  let frames = 0
  let lastHeard = 0
  let pingedAt: number | null = null
  /** Frames of any kind since the last ping. */
  let signs = 0
  /** When the last impatient ping was. */
  let returnedAt = Number.NEGATIVE_INFINITY
  let cancelTick = () => {}
  let cancelPong = () => {}
  let cancelAnswer: (() => void) | null = null

  function schedule() {
    const now = clock.elapsed()
    dueAt = now + pingMs * (1 + 0.2 * random())
    busyAt = now + Math.min(pingMs, BUSY_MS)
    frames = 0
  }
  function tick() {
    const ms = Math.max(0, Math.min(TICK_MS, dueAt - clock.elapsed()))
    cancelTick = clock.after(ms, () => {
      const now = clock.elapsed()
      if (now >= dueAt || (frames >= BUSY_FRAMES && now >= busyAt)) check()
      if (isRunning) tick()
    })
  }
  function check() {
    if (isRunning && pingedAt === null) ping(pongTimeoutMs)
  }
  function ping(patienceMs: number) {
    pingedAt = clock.elapsed()
    schedule()
    signs = 0
    awaitPong(1, patienceMs)
    on.ping()
  }
  function awaitPong(turn: number, patienceMs: number) {
    const before = signs
    cancelPong = clock.after(patienceMs, () => {
      if (signs === before || turn === PATIENCE) on.dead()
      else awaitPong(turn + 1, pongTimeoutMs)
    })
  }
  function settleAnswer() {
    cancelAnswer?.()
    cancelAnswer = null
  }
  return {
    start: () => {
      isRunning = true
      lastHeard = clock.elapsed()
      schedule()
      tick()
    },
    check,
    attended: () => {
      if (clock.elapsed() - lastHeard >= SILENT_MS) check()
    },
    returned: () => {
      const now = clock.elapsed()
      if (!isRunning || now - returnedAt < BURST_MS) return
      returnedAt = now
      cancelPong()
      ping(Math.min(pongTimeoutMs, RETURN_PATIENCE_MS))
    },
    sent: () => {
      if (isRunning)
        cancelAnswer ??= clock.after(answerTimeoutMs, () => {
          cancelAnswer = null
          check()
        })
    },
    heard: (frame) => {
      lastHeard = clock.elapsed()
      signs++
      settleAnswer()
      if (frame.type === 'events' && !frame.replay) frames++
      if (frame.type !== 'pong') return
      cancelPong()
      pingedAt = null
    },
    unansweredSince: () => (signs > 0 ? null : pingedAt),
    stop: () => {
      isRunning = false
      pingedAt = null
      cancelTick()
      cancelPong()
      settleAnswer()
    },
  }
}
