import type { Clock } from '../clock.ts'

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
