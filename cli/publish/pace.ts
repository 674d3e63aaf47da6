import { setTimeout as sleep } from 'node:timers/promises'

/** Timers are coarser than this, so shorter waits are saved up. */
const SHORTEST_WAIT_MS = 5

/** Waits before each event so that at most `rate` a second pass. Without a rate it never waits. */
export function createPace(rate: number | undefined, signal: AbortSignal): () => Promise<void> {
  if (rate === undefined) return async () => {}
  let nextAt = performance.now()
  return async () => {
    const now = performance.now()
    // Time in which the input brought nothing is not made up for with a burst.
    nextAt = Math.max(nextAt, now - SHORTEST_WAIT_MS)
    if (nextAt - now >= SHORTEST_WAIT_MS)
      await sleep(nextAt - now, undefined, { signal }).catch(() => {
        throw signal.reason
      })
    nextAt += 1000 / rate
  }
}
