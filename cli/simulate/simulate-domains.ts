import { seededRandom } from '#shared/core/random.ts'
import type { Domain, Emission, SimulatedEvent } from '#shared/domain/define-domain.ts'

/** An event to send: when it happens, in milliseconds of simulated time since the beginning, and what it is called. */
export type TimedEvent = {
  readonly elapsedMs: number
  readonly domain: string
  readonly id: string
  readonly event: Emission
}

type Source = {
  readonly name: string
  readonly events: Iterator<SimulatedEvent>
  count: number
  next: TimedEvent | null
}

/**
 * The events of several simulated domains in the order of their time, without end. A domain's events are the same
 * whether others are simulated beside it or not. Ids are made of the seed, the beginning and a number.
 */
export function* simulateDomains(
  domains: readonly Domain[],
  { seed, begin }: { readonly seed: number; readonly begin: number },
): Generator<TimedEvent> {
  const run = `${seed}-${begin.toString(36)}`
  const sources = domains.map(({ name, simulate }): Source => {
    const events = simulate?.(seededRandom(`${name} ${seed}`), begin) ?? []
    return { name, events: events[Symbol.iterator](), count: 0, next: null }
  })
  for (const source of sources) moveOn(source, run)
  for (;;) {
    const waiting = sources.flatMap((source) => (source.next ? { source, next: source.next } : []))
    const [first, ...others] = waiting
    if (first === undefined) return
    const { source, next } = others.reduce((a, b) => (b.next.elapsedMs < a.next.elapsedMs ? b : a), first)
    moveOn(source, run)
    yield next
  }
}

function moveOn(source: Source, run: string): void {
  const { name, next } = source
  const { value, done } = source.events.next()
  const id = `${run}-${++source.count}`
  source.next = done
    ? null
    : { elapsedMs: (next?.elapsedMs ?? 0) + value.waitMs, domain: name, id, event: value.event }
}
