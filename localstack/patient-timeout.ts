/** A timer that is later than this was due while the process stood still: the machine slept, or it was stopped. */
const LATE_MS = 1000

/**
 * Calls `giveUp` after `ms`, unless the returned function is called before. If the process stood still meanwhile, what is
 * waited for gets the whole time again: after a sleep all timers are due at once, before anything that has arrived is read.
 */
export function patientTimeout(
  giveUp: () => void,
  ms: number,
  elapsed: () => number = () => performance.now(),
): () => void {
  let timer: NodeJS.Timeout
  const wait = (): void => {
    const due = elapsed() + ms
    timer = setTimeout(() => {
      if (elapsed() - due > LATE_MS) wait()
      else giveUp()
    }, ms)
  }
  wait()
  return () => clearTimeout(timer)
}
