import { type Clock, systemClock } from './clock.ts'

/** What a sleep is told from work with: the two clocks, and how to wait. */
export type WatchClock = Clock & {
  /** Calls `look` again and again, `everyMs` apart, until the returned function is called. */
  readonly every: (everyMs: number, look: () => void) => () => void
}

const EVERY_MS = 2000
/** A look may be late because the machine is busy, so less is no sleep. */
const LEAST_MS = 5000

const REAL_CLOCK: WatchClock = {
  ...systemClock,
  every(everyMs, look) {
    const timer = setInterval(look, everyMs)
    timer.unref()
    return () => clearInterval(timer)
  },
}

/**
 * Logs when this process stood still, because the machine slept or the process was stopped, and when the time of day was
 * set. Nothing depends on it: all parts go on by themselves.
 */
export function watchSleep(
  log: (line: string) => void,
  clock: WatchClock = REAL_CLOCK,
): { stop(): Promise<void> } {
  const read = () => ({ time: clock.now(), elapsed: clock.elapsed() })
  let last = read()
  const stop = clock.every(EVERY_MS, () => {
    const { time, elapsed } = read()
    const stoodMs = elapsed - last.elapsed - EVERY_MS
    const jumpedMs = time - last.time - (elapsed - last.elapsed)
    last = { time, elapsed }
    const seconds = (ms: number) => Math.round(Math.abs(ms) / 1000)
    if (stoodMs > LEAST_MS)
      log(`the machine slept, or this process was stopped, for ${seconds(stoodMs)} s; all goes on by itself`)
    if (jumpedMs > LEAST_MS)
      log(
        `the clock is ${seconds(jumpedMs)} s further: it was set, or the machine slept; all goes on by itself`,
      )
    if (jumpedMs < -LEAST_MS) log(`the clock was set back by ${seconds(jumpedMs)} s; all goes on by itself`)
  })
  return { stop: async () => stop() }
}
