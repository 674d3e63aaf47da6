import { setTimeout as sleep } from 'node:timers/promises'

/** The time as a command sees it. Tests give a clock that does not make them wait. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Waits for a number of milliseconds. Throws the signal's reason when it is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, { signal }).catch(() => {
      throw signal.reason
    }),
}
