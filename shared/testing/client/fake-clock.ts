import type { Clock } from '#shared/client/connect.ts'

export type FakeClock = Clock & {
  readonly advance: (ms: number) => Promise<void>
  /** The number of active timers. */
  readonly pending: () => number
}

/** Waits until every promise that is ready is settled. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/**
 * A clock that does not move until it is advanced. Timers run in the order of their times; after each one the
 * promises that it resolves are settled.
 */
export function createFakeClock(): FakeClock {
  let now = 1_000_000
  const timers = new Set<{ at: number; run: () => void }>()
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    pending: () => timers.size,
    advance: async (ms) => {
      const end = now + ms
      await settle()
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        now = next.at
        next.run()
        await settle()
      }
      now = end
    },
  }
}
