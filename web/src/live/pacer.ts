type Schedule = (run: () => void) => () => void
export type Pacer = {
  /** Counts a change. */
  readonly note: () => void
  /** Runs the callback with the next frame, or up to 400 ms later under load. Returns the function that cancels it. */
  readonly schedule: Schedule
}

/** The maximum rate of changes that are drawn frame by frame: nobody can follow more. */
const CALM_PER_SECOND = 100
/** How long a drawn state stays on the screen under load. */
const HOLD_MS = 400

/**
 * Paces the rendering of changes: few changes are drawn with the next frame, a stream that nobody could follow two or
 * three times a second. A page so stays responsive and readable under any load.
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
      isBusy = (1000 * count) / elapsed > CALM_PER_SECOND
      begin += elapsed
      count = 0
    }
    count++
    isBusy ||= count > CALM_PER_SECOND
  }
  function schedule(run: () => void): () => void {
    if (!isBusy) return next(run)
    // All pacers of a page share one beat, so that the browser lays out and paints once for all of them.
    const wait = HOLD_MS - (now() % HOLD_MS)
    let cancel: () => void = () => clearTimeout(timer)
    const timer = setTimeout(() => {
      cancel = next(run)
    }, wait)
    return () => cancel()
  }
  return { note, schedule }
}

/** Runs the callback with the next frame, or after 250 ms because a hidden page gets no frames. Returns the cancel. */
function scheduleFrame(run: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const once = () => {
    cancel()
    run()
  }
  const frame = requestAnimationFrame(once)
  const timer = setTimeout(once, 250)
  return cancel
}
