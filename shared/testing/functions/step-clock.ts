import type { Clock } from '#shared/pipeline/poll.ts'

/** A clock that starts at a time in milliseconds since the epoch, and passes only while somebody sleeps. */
export function stepClock(start: number): Clock {
  let now = start
  return {
    now: () => now,
    elapsed: () => now,
    sleep: async (ms) => {
      now += ms
    },
  }
}
