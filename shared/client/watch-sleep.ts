import type { Clock } from './clock.ts'

/** How often the time is looked at: a machine that woke up is noticed within this. */
const TICK_MS = 5000
/** A tick that is later than this was slept through. A browser delays timers of hidden pages by up to 60 s. */
const LATE_MS = 75_000

/**
 * Calls `awoke` within 5 s after the machine has slept, or this process was stopped, for longer than a minute. Timers
 * may stand still meanwhile or all be due at once, and sockets end without a word. Returns the function that ends it.
 */
export function watchSleep(clock: Pick<Clock, 'elapsed' | 'after'>, awoke: () => void): () => void {
  let cancel = () => {}
  const tick = () => {
    const before = clock.elapsed()
    cancel = clock.after(TICK_MS, () => {
      const late = clock.elapsed() - before - TICK_MS
      tick()
      if (late > LATE_MS) awoke()
    })
  }
  tick()
  return () => cancel()
}
