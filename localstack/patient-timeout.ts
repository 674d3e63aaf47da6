import { systemClock } from './clock.ts'

/** A timer that is later than this was due while the process stood still: the machine slept, or it was stopped. */
const LATE_MS = 1000

/**
 * Calls `giveUp` after `ms`, unless the returned function is called before. If the process stood still meanwhile, the time
 * starts again: after a sleep all timers are due at once, before anything that has arrived is read.
 */
export function patientTimeout(
  giveUp: () => void,
  ms: number,
  elapsed: () => number = systemClock.elapsed,
): () => void {
  let cancel: () => void
  const wait = (): void => {
    cancel = watchedTimeout((stoodStill) => (stoodStill ? wait() : giveUp()), ms, elapsed)
  }
  wait()
  return () => cancel()
}

/** Calls `run` after `ms`, with whether the process stood still meanwhile. Returns what cancels it. */
export function watchedTimeout(
  run: (stoodStill: boolean) => void,
  ms: number,
  elapsed: () => number,
): () => void {
  const due = elapsed() + ms
  const timer = setTimeout(() => run(elapsed() - due > LATE_MS), ms)
  return () => clearTimeout(timer)
}

/** Starts work and returns what it resolves with, or what `giveUp` returns if that takes longer than `ms` (see above). */
export async function within<T>(ms: number, work: () => Promise<T>, giveUp: () => T): Promise<T> {
  const late = Promise.withResolvers<T>()
  const cancel = patientTimeout(() => late.resolve(giveUp()), ms)
  try {
    return await Promise.race([work(), late.promise])
  } finally {
    cancel()
  }
}
