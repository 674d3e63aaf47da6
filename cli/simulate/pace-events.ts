import { setTimeout as sleep } from 'node:timers/promises'
import type { TimedEvent } from './simulate-domains.ts'

/** How fast simulated events go out: so many a second, or so many times faster than their own time. */
export type Rate =
  | { readonly kind: 'per second'; readonly value: number }
  | { readonly kind: 'times'; readonly value: number }
  | { readonly kind: 'max' }

/** What is later than this is not made up for with a burst: the rest moves. */
const PATIENCE_MS = 1000

/** Yields each event when it is due, with the moment it was due at, in milliseconds since 1970. */
export async function* paceEvents(
  events: Iterable<TimedEvent> | AsyncIterable<TimedEvent>,
  rate: Rate,
  signal: AbortSignal,
): AsyncGenerator<TimedEvent & { readonly dueAt: number }> {
  let beginAt = Date.now()
  let count = 0
  for await (const event of events) {
    const afterMs = waitOf(rate, event.elapsedMs, count++)
    const now = Date.now()
    if (afterMs === null || now - beginAt - afterMs > PATIENCE_MS) beginAt = now - (afterMs ?? 0)
    const dueAt = beginAt + (afterMs ?? 0)
    if (dueAt > now) await sleep(dueAt - now, undefined, { signal })
    signal.throwIfAborted()
    yield { ...event, dueAt }
  }
}

/** After how many milliseconds an event is due; null for at once. */
function waitOf(rate: Rate, elapsedMs: number, count: number): number | null {
  if (rate.kind === 'max') return null
  return rate.kind === 'times' ? elapsedMs / rate.value : (count * 1000) / rate.value
}
