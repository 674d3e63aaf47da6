/** The two clocks of the broker. */
export type Clock = {
  /** The wall clock, ms since 1970. It may be set, forward or back. */
  now(): number
  /** A clock that is never set, ms since any moment: for durations. It may stand still while the machine sleeps. */
  elapsed(): number
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() }

/** How much faster than time passes the steady clock may run, to catch up with the wall clock. */
const CATCHING_UP = 1.5

/**
 * Returns a clock for what is deleted by its age, ms since 1970. It is the wall clock, except that it never jumps
 * forward: after the wall clock was set forward by an hour, or the machine has slept, it catches up within two hours.
 * So a wrong clock deletes nothing at once, and nobody loses records that the clock made old. It is never ahead of the
 * wall clock.
 */
export function createSteadyClock({ now, elapsed }: Clock): () => number {
  let steady = now()
  let at = elapsed()
  return () => {
    const passed = elapsed() - at
    at += passed
    steady = Math.min(now(), steady + passed * CATCHING_UP)
    return steady
  }
}
