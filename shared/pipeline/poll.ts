/** Waits for `ms` milliseconds. */
type Sleep = (ms: number) => Promise<unknown>
/** The time as it passes: `now` in milliseconds since the epoch. */
export type Clock = { readonly now: () => number; readonly sleep: Sleep }

const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 100

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
  { now, sleep }: Clock,
): Promise<T | null> {
  return poll(look, pausesUntil(now() + withinMs, now), sleep)
}

function* pausesUntil(deadline: number, now: () => number): Generator<number, void> {
  let pause = FIRST_PAUSE_MS
  for (let left = deadline - now(); left > 0; left = deadline - now()) {
    yield Math.min(pause, left)
    pause = Math.min(MAX_PAUSE_MS, pause * 1.5)
  }
}
