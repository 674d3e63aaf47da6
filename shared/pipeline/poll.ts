/** Waits for `ms` milliseconds. */
type Sleep = (ms: number) => Promise<unknown>
/** The time as it passes. */
export type Clock = {
  /** Milliseconds since the epoch. It jumps when the clock of the machine is set. */
  readonly now: () => number
  /** Milliseconds since some moment, for durations: it never jumps. */
  readonly elapsed: () => number
  readonly sleep: Sleep
}

/** The pauses between looks, in milliseconds: each is half as long again as the one before. */
export type Pauses = { readonly firstMs: number; readonly maxMs: number }

const SHORT_PAUSES: Pauses = { firstMs: 10, maxMs: 100 }

/** Calls `look` until it returns something, once at first and again after each pause. Returns null if it never does. */
export async function poll<T>(
  look: () => Promise<T | null>,
  pausesMs: Iterable<number>,
  sleep: Sleep,
): Promise<T | null> {
  let found = await look()
  for (const pause of pausesMs) {
    if (found !== null) break
    await sleep(pause)
    found = await look()
  }
  return found
}

/** Calls `look` until it returns something, at least once. Returns null if that takes longer than `withinMs`. */
export function pollWithin<T>(
  look: () => Promise<T | null>,
  withinMs: number,
  { elapsed, sleep }: Pick<Clock, 'elapsed' | 'sleep'>,
  pauses: Pauses = SHORT_PAUSES,
): Promise<T | null> {
  return poll(look, pausesUntil(elapsed() + withinMs, elapsed, pauses), sleep)
}

/** Returns a clock whose pauses end with the signal's reason once it is aborted, so that nobody goes on looking. */
export function clockUntil(signal: AbortSignal, clock: Clock): Clock {
  return {
    ...clock,
    async sleep(ms) {
      await clock.sleep(ms)
      signal.throwIfAborted()
    },
  }
}

function* pausesUntil(
  deadline: number,
  elapsed: () => number,
  { firstMs, maxMs }: Pauses,
): Generator<number, void> {
  let pause = firstMs
  for (let left = deadline - elapsed(); left > 0; left = deadline - elapsed()) {
    yield Math.min(pause, left)
    pause = Math.min(maxMs, pause * 1.5)
  }
}
