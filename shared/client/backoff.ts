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
