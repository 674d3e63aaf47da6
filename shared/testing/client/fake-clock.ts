import type { Clock } from '#shared/client/connect.ts'

export type FakeClock = Clock & {
  readonly advance: (ms: number) => Promise<void>
  /** The machine sleeps: time passes, and no timer runs. Those that are due by then run with the next `advance`. */
  readonly sleep: (ms: number, timers?: 'due' | 'stand still') => void
  /** Sets the time of day, ahead or back. */
  readonly set: (byMs: number) => void
  /** The number of active timers. */
  readonly pending: () => number
}

/** Waits until every promise that is ready is settled. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve()
}

/**
 * A clock that does not move until it is advanced. Timers run in the order of their times; after each one the
 * promises that it resolves are settled.
 */
export function createFakeClock(): FakeClock {
  let passed = 0
  let slept = 0
  let timeOfDay = 1_000_000
  const timers = new Set<{ at: number; run: () => void }>()
  return {
    now: () => timeOfDay + passed + slept,
    elapsed: () => passed + slept,
    after: (ms, run) => {
      const timer = { at: passed + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    sleep: (ms, behaviour = 'stand still') => {
      if (behaviour === 'due') passed += ms
      else slept += ms
    },
    set: (byMs) => {
      timeOfDay += byMs
    },
    pending: () => timers.size,
    advance: async (ms) => {
      const end = passed + ms
      await settle()
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        passed = Math.max(passed, next.at)
        next.run()
        await settle()
      }
      passed = end
    },
  }
}
