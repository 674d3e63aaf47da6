import { setTimeout as sleep } from 'node:timers/promises'

/** The time as a command sees it. Tests give a clock that does not make them wait. */
export type Clock = {
  /** Milliseconds since 1970. It jumps when the clock of the machine is set. */
  readonly now: () => number
  /** Milliseconds since some moment, for durations: it never jumps. */
  readonly elapsed: () => number
  /** Waits for a number of milliseconds. Throws the signal's reason when it is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, { signal }).catch(() => {
      throw signal.reason
    }),
}

/** Timers are less exact than this, so shorter waits are added up. */
const SHORTEST_WAIT_MS = 5

/** Returns a function that waits before each event, so that at most `rate` per second pass. */
export function createPace(rate: number | undefined, clock: Clock, signal: AbortSignal): () => Promise<void> {
  if (rate === undefined) return async () => {}
  let nextAt = clock.elapsed()
  return async () => {
    const now = clock.elapsed()
    // No burst follows a time in which the input had nothing.
    nextAt = Math.max(nextAt, now - SHORTEST_WAIT_MS)
    if (nextAt - now >= SHORTEST_WAIT_MS) await clock.sleep(nextAt - now, signal)
    nextAt += 1000 / rate
  }
}
