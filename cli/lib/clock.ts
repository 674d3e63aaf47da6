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
