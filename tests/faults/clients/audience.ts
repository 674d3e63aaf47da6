import type { Interest } from '#shared/core/interest.ts'
import { SEVERITIES } from '#shared/core/severity.ts'

/** Returns the n-th event of a run. Every attribute follows from n. */
export function eventOf(run: string, n: number) {
  return {
    specversion: '1.0',
    id: `${run}-${n}`,
    source: '/faults',
    type: `fault.kind${n % 3}.happened`,
    subject: `subject-${n % 7}`,
    category: `fault.${'abcd'[n % 4]}.${(Math.floor(n / 4) % 3) + 1}`,
    severity: SEVERITIES[n % 5] ?? 'info',
    partitionkey: `key-${n % 31}`,
    data: { n },
  }
}

/** The subscriptions of the clients of a run: exact channels, overlapping patterns, every kind of filter, rare and common. */
const INTERESTS: readonly Interest[] = [
  { channels: ['fault.**'] },
  { channels: ['fault.a.1'] },
  { channels: ['fault.*.2'] },
  { channels: ['fault.b.**', 'fault.*.1', 'fault.b.1'] },
  { channels: ['fault.**'], filter: { severity: ['critical'] } },
  { channels: ['fault.**', 'fault.c.*'], filter: { type: ['fault.kind1.*'] } },
  { channels: ['fault.d.*'], filter: { subject: ['subject-3', 'subject-5'] } },
  { channels: ['**'], filter: { severity: ['high', 'info'], type: ['fault.kind2.**'] } },
  { channels: ['fault.a.*', 'fault.c.*'] },
  { channels: ['fault.*.3'], filter: { severity: ['low', 'medium', 'high'], subject: ['subject-0'] } },
]

export type Seat = {
  readonly interest: Interest
  readonly since: 'latest' | 'earliest'
  /** When it connects, as a part of the run: 0 is before the first event. */
  readonly joins: number
}

/** Every fifth client connects late and subscribes from the beginning. */
export function seatsOf(clients: number): Seat[] {
  return Array.from({ length: clients }, (_, index) => {
    const interest = INTERESTS[index % INTERESTS.length] ?? { channels: ['fault.**'] }
    const isLate = index % 5 === 4
    return { interest, since: isLate ? 'earliest' : 'latest', joins: isLate ? (index % 4) / 8 + 0.2 : 0 }
  })
}

/**
 * Whether an event matches the subscription of a client. Independent of the product's matching, so that an error there
 * is found.
 */
export function wants({ channels, filter = {} }: Interest, event: ReturnType<typeof eventOf>): boolean {
  const covers = (pattern: string, text: string) =>
    new RegExp(
      `^${pattern
        .replaceAll('.', '\\.')
        .replace(/(^|\\\.)\*\*$/, (_, dot: string) => (dot ? '(\\..+)?' : '.+'))
        .replaceAll(/(^|\\\.)\*(?=\\\.|$)/g, '$1[^.]+')}$`,
    ).test(text)
  return (
    channels.some((pattern) => covers(pattern, event.category)) &&
    (filter.severity?.includes(event.severity) ?? true) &&
    (filter.subject?.includes(event.subject) ?? true) &&
    (filter.type?.some((pattern) => covers(pattern, event.type)) ?? true)
  )
}
