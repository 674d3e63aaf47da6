/** The time as it passes: `now` in milliseconds, `sleep` for some of them. */
export type Clock = { readonly now: () => number; readonly sleep: (ms: number) => Promise<unknown> }

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 100

/** Looks again and again until there is something, or the time is up: then null. It looks once at least. */
export async function poll<T>(
  look: () => Promise<T | null>,
  withinMs: number,
  { now, sleep }: Clock,
): Promise<T | null> {
  const deadline = now() + withinMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    const found = await look()
    const left = deadline - now()
    if (found !== null || left <= 0) return found
    await sleep(Math.min(pause, left))
  }
}
