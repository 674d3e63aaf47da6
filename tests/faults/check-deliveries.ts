import { setTimeout as sleep } from 'node:timers/promises'
import { eventOf, type Seat, wants } from './clients/audience.ts'
import type { Listener } from './clients/listener.ts'
import type { Produced } from './clients/produce.ts'

/** The findings of a run. Lost, repeated and out of order must be 0; `unasked` are events that no filter matches. */
export type Findings = {
  delivered: number
  lost: number
  repeated: number
  outOfOrder: number
  unasked: number
  /** Deliveries with another position than in the 202 of the producer. */
  misplaced: number
  gaps: number
  /** A description of each client with a finding. */
  details: string[]
}

/** Compares the events that each client received with the accepted events that match its subscription. */
export function checkDeliveries(
  run: string,
  { positions }: Produced,
  listeners: readonly Listener[],
): Findings {
  const events = [...positions.keys()].map((n) => ({ n, event: eventOf(run, n) }))
  const total: Findings = {
    delivered: 0,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    unasked: 0,
    misplaced: 0,
    gaps: 0,
    details: [],
  }
  for (const [index, listener] of listeners.entries()) {
    const { seat, seen, outOfOrder, gaps } = listener
    const due = new Set(events.filter(({ event }) => wants(seat.interest, event)).map(({ n }) => n))
    const lost = [...due].filter((n) => !seen.has(n))
    const repeated = [...seen].filter(([, times]) => times > 1).map(([n]) => n)
    const unasked = [...seen.keys()].filter((n) => !due.has(n))
    total.delivered += listener.lags.length
    total.lost += lost.length
    total.repeated += repeated.length
    total.outOfOrder += outOfOrder
    total.unasked += unasked.length
    total.misplaced += [...listener.positions].filter(([n, position]) => position !== positions.get(n)).length
    total.gaps += gaps.length
    const bad = { lost, repeated, unasked, gaps }
    if (outOfOrder > 0 || Object.values(bad).some(({ length }) => length > 0))
      total.details.push(describe(index, seat, listener, { ...bad, outOfOrder }))
  }
  return total
}

/**
 * Waits until nothing is missing, or until no event has arrived for this number of seconds. Returns how long that took, in
 * milliseconds.
 */
export async function settle(
  run: string,
  produced: Produced,
  listeners: readonly Listener[],
  seconds: number,
): Promise<number> {
  const begin = performance.now()
  let known = -1
  let progress = begin
  for (;;) {
    const { lost, delivered } = checkDeliveries(run, produced, listeners)
    if (delivered !== known) progress = performance.now()
    known = delivered
    if (lost === 0 || performance.now() - progress > seconds * 1000) return performance.now() - begin
    await sleep(1000)
  }
}

function describe(
  index: number,
  { interest, since }: Seat,
  { client, seen, errors }: Listener,
  found: { lost: number[]; repeated: number[]; unasked: number[]; gaps: string[]; outOfOrder: number },
): string {
  const few = (numbers: number[]) => `${numbers.length} [${numbers.slice(0, 8).join(' ')}]`
  const text = [
    `client ${index} ${JSON.stringify(interest)} from ${since} (${client.state}, ${seen.size} seen):`,
    `lost ${few(found.lost)}, repeated ${few(found.repeated)}, unasked ${few(found.unasked)},`,
    `out of order ${found.outOfOrder}, gaps [${found.gaps.join(' ')}], errors ${JSON.stringify([...errors])}`,
  ]
  return text.join(' ')
}

/** Whether there are no findings. A gap is a finding too, because no event of a run is old enough to be deleted. */
export function isClean({ delivered: _, details: __, ...counts }: Findings): boolean {
  return Object.values(counts).every((count) => count === 0)
}
