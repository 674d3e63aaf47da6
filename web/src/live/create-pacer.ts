import { scheduleFrame } from './schedule-frame.ts'

type Schedule = (run: () => void) => () => void
export type Pacer = {
  /** Something has changed. */
  readonly note: () => void
  /** Runs with the next frame, or a little later while too much changes. Returns the cancel. */
  readonly schedule: Schedule
}

/** Changes in a second that still are drawn one by one: more than that nobody follows. */
const CALM = 100
/** How long what is drawn stays while more comes. */
const HOLD_MS = 400

/**
 * Draws at once what happens now and then, and a stream that nobody could follow two or three times a second: a page stays
 * quick under any load, and readable.
 */
export function createPacer(
  next: Schedule = scheduleFrame,
  now: () => number = () => performance.now(),
): Pacer {
  let begin = now()
  let count = 0
  let isBusy = false

  function note(): void {
    const elapsed = now() - begin
    if (elapsed >= 1000) {
      isBusy = (1000 * count) / elapsed > CALM
      begin += elapsed
      count = 0
    }
    count++
    isBusy ||= count > CALM
  }
  function schedule(run: () => void): () => void {
    if (!isBusy) return next(run)
    // All pacers of a page keep one beat: what changes together is laid out and painted once.
    const wait = HOLD_MS - (now() % HOLD_MS)
    let cancel: () => void = () => clearTimeout(timer)
    const timer = setTimeout(() => {
      cancel = next(run)
    }, wait)
    return () => cancel()
  }
  return { note, schedule }
}
