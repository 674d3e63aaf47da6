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
  /** A message was sent that the server answers. */
  readonly sent: () => void
  readonly heard: (frame: ServerFrame) => void
  /** Since when the server has given no sign of life although it was pinged, in epoch milliseconds; null if it has. */
  readonly unansweredSince: () => number | null
  readonly stop: () => void
}

/** The clock is looked at this often. */
const TICK_MS = 10_000
/** If it has moved on by this much more, the machine was asleep. A browser delays timers of hidden pages by up to 60 s. */
const JUMP_MS = 75_000
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
 * once when the machine wakes up, and when a message stays without any sign of life for `answerTimeoutMs`. Calls `dead`
 * if a pong does not come within `pongTimeoutMs`: a frozen socket never reports a close by itself.
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
  let cancelTick = () => {}
  let cancelPong = () => {}
  let cancelAnswer: (() => void) | null = null

  function schedule() {
    const now = clock.now()
    dueAt = now + pingMs * (1 + 0.2 * random())
    busyAt = now + Math.min(pingMs, BUSY_MS)
    frames = 0
  }
  function tick() {
    const now = clock.now()
    const ms = Math.max(0, Math.min(TICK_MS, dueAt - now))
    cancelTick = clock.after(ms, () => {
      const isAwake = clock.now() - now < ms + JUMP_MS
      const isDue = clock.now() >= dueAt || (frames >= BUSY_FRAMES && clock.now() >= busyAt)
      if (isDue || !isAwake) check()
      if (isRunning) tick()
    })
  }
  function check() {
    if (!isRunning || pingedAt !== null) return
    pingedAt = clock.now()
    schedule()
    signs = 0
    awaitPong(1)
    on.ping()
  }
  function awaitPong(turn: number) {
    const before = signs
    cancelPong = clock.after(pongTimeoutMs, () => {
      if (signs === before || turn === PATIENCE) on.dead()
      else awaitPong(turn + 1)
    })
  }
  function settleAnswer() {
    cancelAnswer?.()
    cancelAnswer = null
  }
  return {
    start: () => {
      isRunning = true
      lastHeard = clock.now()
      schedule()
      tick()
    },
    check,
    attended: () => {
      if (clock.now() - lastHeard >= SILENT_MS) check()
    },
    sent: () => {
      if (isRunning)
        cancelAnswer ??= clock.after(answerTimeoutMs, () => {
          cancelAnswer = null
          check()
        })
    },
    heard: (frame) => {
      lastHeard = clock.now()
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
