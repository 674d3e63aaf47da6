/** Time as the client sees it: epoch milliseconds, and timers whose return value cancels them. */
export type Clock = {
  readonly now: () => number
  readonly after: (ms: number, run: () => void) => () => void
}

export type Backoff = { readonly next: () => number; readonly reset: () => void }

/**
 * Full-jitter backoff: the n-th delay is uniform in [0, base·2ⁿ), capped. Uniform from zero, so that a thousand
 * dashboards that lost the same server do not come back in the same instant
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Delays are in milliseconds.
 */
export function createBackoff({ random = Math.random, baseMs = 1000, capMs = 30_000 } = {}): Backoff {
  let failures = 0
  return {
    next: () => random() * Math.min(capMs, baseMs * 2 ** Math.min(failures++, 30)),
    reset: () => {
      failures = 0
    },
  }
}

/** Resolves after `ms` milliseconds, or as soon as it is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    signal.addEventListener('abort', () => {
      cancel()
      resolve()
    })
  })
}
