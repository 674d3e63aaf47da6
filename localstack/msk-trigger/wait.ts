import { setTimeout as sleep } from 'node:timers/promises'

/** Waits `ms`, or less when `signal` is aborted. Never rejects. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/**
 * A delay in milliseconds before the retry after `failures` failures: exponential with full jitter, so that
 * partitions that failed together do not come back together.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(failures: number, { baseMs, capMs, random = Math.random }: Backoff): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** (failures - 1))
  return Math.ceil(random() * ceiling)
}

export type Backoff = { baseMs: number; capMs: number; random?: () => number }
