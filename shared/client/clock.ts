/** Time as the client sees it, in milliseconds. */
export type Clock = {
  /** The time of day, since the epoch. Somebody may set it, so it is for what is shown and never for a duration. */
  readonly now: () => number
  /** How much time has passed since some beginning. It never goes back, and the machine's sleep is part of it. */
  readonly elapsed: () => number
  /** Runs a function once, later. The returned function cancels that. */
  readonly after: (ms: number, run: () => void) => () => void
}

/** A clock that gains more than this on the other one between two readings was set, or the other one stood still. */
const STEP_MS = 1000

/**
 * Makes `Clock.elapsed` of the time of day, which can be set, and of a steady time, which may stand still while the
 * machine sleeps (https://www.w3.org/TR/hr-time-3/ leaves that open). A time of day that is set ahead cannot be told
 * from sleep and counts as such: what waits for a duration is then early, never late.
 */
export function createElapsed(timeOfDay: () => number, steady: () => number): () => number {
  let lead = timeOfDay() - steady()
  let slept = 0
  return () => {
    const passed = steady()
    const next = timeOfDay() - passed
    if (next - lead > STEP_MS) slept += next - lead
    lead = next
    return passed + slept
  }
}

/** Returns when something was, in epoch milliseconds by the time of day as it is now. `at` is a time of `elapsed`. */
export function timeOfDayAt(clock: Pick<Clock, 'now' | 'elapsed'>, at: number): number {
  return clock.now() - (clock.elapsed() - at)
}

export type Backoff = {
  /** Returns the next delay in milliseconds, at most `limitMs`. */
  readonly next: (limitMs?: number) => number
  readonly reset: () => void
}

/**
 * Full-jitter backoff: the n-th delay is uniform in [0, base·2ⁿ), capped. Uniform from zero, so that a thousand
 * dashboards that lost the same server do not come back in the same instant
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Delays are in milliseconds.
 */
export function createBackoff({ random = Math.random, baseMs = 1000, capMs = 30_000 } = {}): Backoff {
  let failures = 0
  return {
    next: (limitMs = capMs) => random() * Math.min(limitMs, capMs, baseMs * 2 ** Math.min(failures++, 30)),
    reset: () => {
      failures = 0
    },
  }
}

/** Something took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Settles as `work` does, but rejects with a TimeoutError after `ms` milliseconds, and with the signal's reason once it is
 * aborted. What `work` does later is ignored. `what` names it for people.
 */
export function within<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  work: Promise<T>,
  { what, signal }: { readonly what: () => string; readonly signal?: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      reject(new TimeoutError(`${what()} took longer than ${ms / 1000} s`))
      release()
    })
    const abort = () => {
      reject(signal?.reason)
      release()
    }
    const release = () => {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    work.then(resolve, reject).finally(release)
  })
}

/** Resolves after `ms` milliseconds, or as soon as it is aborted. */
export function pause(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}

/**
 * Makes a signal that is aborted with any of others. Call `release` when it is done with: until then a signal that
 * lives for weeks would keep one closure for each request. `AbortSignal.any` does not let go of what is listened to.
 */
export function anySignal(...sources: readonly AbortSignal[]): {
  readonly signal: AbortSignal
  readonly abort: () => void
  readonly release: () => void
} {
  const controller = new AbortController()
  const release = () => {
    for (const source of sources) source.removeEventListener('abort', abort)
  }
  const abort = () => {
    release()
    controller.abort()
  }
  if (sources.some(({ aborted }) => aborted)) abort()
  else for (const source of sources) source.addEventListener('abort', abort)
  return { signal: controller.signal, abort, release }
}
