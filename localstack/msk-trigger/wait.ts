/** Waits `ms`, or less if `signal` is aborted. Never rejects. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

export type Backoff = { baseMs: number; capMs: number; random?: () => number }

/**
 * Returns the delay in milliseconds before the retry after `failures` failures: exponential with full jitter, so
 * that partitions that failed together do not come back together.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(failures: number, { baseMs, capMs, random = Math.random }: Backoff): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** (failures - 1))
  return Math.ceil(random() * ceiling)
}
