import { type Clock, createBackoff } from './clock.ts'

/** Decides when a socket is tried again. */
export type Redial = {
  /** Dials after a pause, unless that is planned already. */
  readonly plan: () => void
  /** A socket is dialled: what was planned is done. */
  readonly begun: () => void
  /** Something says that sockets may work now: if dialling is planned, it happens within 2 s. */
  readonly encourage: () => void
  /** Somebody waits: if dialling is planned and the last time is 2 s ago, it happens now. */
  readonly urge: () => void
  /** Dials now, if that is planned. */
  readonly hurry: () => void
  /** The server has too many requests: pauses grow as in an outage, however recent the loss is. */
  readonly relent: () => void
  /** A line has been open for a while. */
  readonly settled: () => void
  readonly stop: () => void
}

/**
 * For this long after the loss of a stable line a socket is tried every few seconds: a restart is over by then. What
 * takes longer is an outage, and tried with growing pauses.
 */
const RECENT_MS = 60_000
const RECENT_PAUSE_MS = 4000
/** A socket is tried within this, or not more often than this, when something says that it may work now. */
const HOPEFUL_MS = 2000

/** Calls `dial` after pauses with full jitter. A hint that sockets may work again begins another minute of short ones. */
export function createRedial(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  dial: () => void,
): Redial {
  const backoff = createBackoff({ random })
  let dialledAt = 0
  /** Since when there is no stable line, as `elapsed` of the clock; null while there is one. */
  let troubledFrom: number | null = null
  let cancel: (() => void) | null = null

  function stop() {
    cancel?.()
    cancel = null
  }
  function hope() {
    if (troubledFrom !== null) troubledFrom = clock.elapsed()
  }
  function hurry() {
    hope()
    if (cancel) dial()
  }
  return {
    plan: () => {
      const now = clock.elapsed()
      troubledFrom ??= now
      const isRecent = now - troubledFrom < RECENT_MS
      cancel ??= clock.after(backoff.next(isRecent ? RECENT_PAUSE_MS : undefined), dial)
    },
    begun: () => {
      stop()
      dialledAt = clock.elapsed()
    },
    encourage: () => {
      hope()
      if (!cancel) return
      cancel()
      cancel = clock.after(random() * HOPEFUL_MS, dial)
    },
    urge: () => {
      if (clock.elapsed() - dialledAt >= HOPEFUL_MS) hurry()
    },
    hurry,
    relent: () => {
      troubledFrom = Number.NEGATIVE_INFINITY
    },
    settled: () => {
      backoff.reset()
      troubledFrom = null
    },
    stop,
  }
}
