type Sleep = (ms: number) => Promise<unknown>
/** The time as it passes: `now` in milliseconds, `sleep` for some of them. */
export type Clock = { readonly now: () => number; readonly sleep: Sleep }

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 100

/** Looks once, and again after each pause (milliseconds) until there is something; null when the pauses are over. */
export async function poll<T>(
  look: () => Promise<T | null>,
  pauses: Iterable<number>,
  sleep: Sleep,
): Promise<T | null> {
  let found = await look()
  for (const pause of pauses) {
    if (found !== null) break
    await sleep(pause)
    found = await look()
  }
  return found
}

/** Looks again and again until there is something, or the time is up: then null. It looks once at least. */
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
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)
  }
}
