import * as z from 'zod'
import { countedName } from '#shared/core/access/authorize.ts'
import { AUDIT_CHANNELS, AUDIT_TOPIC } from '#shared/core/audit.ts'
import { ERASED_TYPE } from '#shared/core/erasure.ts'
import { toUtc } from '#shared/core/time.ts'
import { auditEvents } from './audit-events.ts'
import { type DomainEvent, defineDomain, defineView } from './define-domain.ts'

/** The count of each name; the name that was counted last is at the end. */
type Counts = readonly (readonly [name: string, count: number])[]

/** The counts of all events. */
export type Stats = {
  readonly total: number
  /** By day of event time in UTC, such as "2026-11-21". */
  readonly days: Counts
  /** By second of event time, such as "2026-11-21T08:00:00". */
  readonly seconds: Counts
  readonly severities: Counts
  readonly categories: Counts
  /** Events of categories that are not in `categories`. */
  readonly others: number
}

/**
 * How many days, seconds and categories a state contains. The days and seconds that were counted last are kept,
 * not the latest ones, so that a wrong clock does not displace the right ones for long. The categories with the most events are kept.
 */
export const STATS_LIMITS = { days: 31, seconds: 120, categories: 200, nameLength: 200 } as const

/** `eventsPerSecond` is the average of this many whole seconds before now. */
const RATE_SECONDS = 10
const SHOWN_SECONDS = 60
const OWN = 'tidewire.'
const NONE: Stats = { total: 0, days: [], seconds: [], severities: [], categories: [], others: 0 }

/** What readers receive. */
export type PresentedStats = {
  readonly total: number
  readonly today: number
  readonly eventsPerSecond: number
  readonly categories: readonly Named[]
  readonly severities: readonly Named[]
  readonly days: readonly { readonly day: string; readonly count: number }[]
  /** The last 60 whole seconds, oldest first. */
  readonly seconds: readonly number[]
}
type Named = { readonly name: string; readonly count: number; readonly percent: number }

/** Counts every accepted event, including those that views emitted. */
export const statsView = defineView<Stats>({
  description:
    'The number of events in all, today (UTC), by day, category and severity, and per second. If there are more than 200 categories, the smallest ones count as "other". Private categories count under a pattern, such as "market.user.*".',
  lateEvents:
    'An event counts for the day and the second of its own time; the 31 days and 120 seconds that were counted last in a partition are kept.',
  channels: ['**'],
  initial: () => NONE,
  apply: (stats, { event }) => (event.category?.startsWith(OWN) ? stats : countEvent(stats, event)),
  merge: (left, right) => ({
    total: left.total + right.total,
    others: left.others + right.others,
    days: join(left.days, right.days),
    seconds: join(left.seconds, right.seconds),
    severities: join(left.severities, right.severities),
    categories: join(left.categories, right.categories),
  }),
  present,
  erasing: { rule: 'It keeps numbers and the names of categories, and nothing of single events.' },
  isAggregate: true,
})

function countEvent(stats: Stats, { time, category, severity }: DomainEvent): Stats {
  const iso = toUtc(time)
  const name = nameOf(category ?? 'none')
  const categories = count(stats.categories, name)
  const { kept, left } = keepLargest(categories)
  return {
    total: stats.total + 1,
    days: iso ? count(stats.days, iso.slice(0, 10)).slice(-STATS_LIMITS.days) : stats.days,
    seconds: iso ? count(stats.seconds, iso.slice(0, 19)).slice(-STATS_LIMITS.seconds) : stats.seconds,
    severities: count(stats.severities, severity ?? 'info'),
    categories: kept,
    others: stats.others + left,
  }
}

/** The name under which a category counts: of users nobody is named. */
function nameOf(category: string): string {
  return countedName(category).slice(0, STATS_LIMITS.nameLength)
}

/** Adds one to the count of a name and moves it to the end. */
function count(counts: Counts, name: string): Counts {
  const last = counts.at(-1)
  if (last?.[0] === name) return [...counts.slice(0, -1), [name, last[1] + 1]]
  const known = counts.find(([other]) => other === name)
  return [...counts.filter((one) => one !== known), [name, (known?.[1] ?? 0) + 1]]
}

/**
 * If there are too many categories, removes the half with the fewest events, but never the latest one. `left` is the
 * number of events removed.
 */
function keepLargest(categories: Counts): { kept: Counts; left: number } {
  if (categories.length <= STATS_LIMITS.categories) return { kept: categories, left: 0 }
  const latest = categories.at(-1)
  const largest = new Set(
    [...categories]
      .sort(([, a], [, b]) => b - a)
      .slice(0, STATS_LIMITS.categories / 2)
      .concat(latest ? [latest] : []),
  )
  const left = categories.filter((one) => !largest.has(one))
  return { kept: categories.filter((one) => largest.has(one)), left: sum(left) }
}

function join(left: Counts, right: Counts): (readonly [string, number])[] {
  const joined = new Map(left)
  for (const [name, number] of right) joined.set(name, (joined.get(name) ?? 0) + number)
  return [...joined]
}

function present(stats: Stats, now: number): PresentedStats {
  const [days, seconds] = [new Map(stats.days), new Map(stats.seconds)]
  const lastSeconds = Array.from({ length: SHOWN_SECONDS }, (_, index) => {
    const second = new Date(now - (SHOWN_SECONDS - index) * 1000).toISOString().slice(0, 19)
    return seconds.get(second) ?? 0
  })
  const lately = lastSeconds.slice(-RATE_SECONDS).reduce((total, number) => total + number, 0)
  // States that were folded before private categories had a pattern have the names of users.
  const named = stats.categories.map(([name, number]) => [nameOf(name), number] as const)
  const ranked = join([], named).sort(([, a], [, b]) => b - a)
  const small = ranked.slice(STATS_LIMITS.categories)
  const others = stats.others + sum(small)
  const categories = [
    ...ranked.slice(0, STATS_LIMITS.categories),
    ...(others > 0 ? [['other', others] as const] : []),
  ]
  return {
    total: stats.total,
    today: days.get(new Date(now).toISOString().slice(0, 10)) ?? 0,
    eventsPerSecond: lately / RATE_SECONDS,
    categories: withPercent(categories, stats.total),
    severities: withPercent(
      [...stats.severities].sort(([, a], [, b]) => b - a),
      stats.total,
    ),
    days: [...stats.days]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, number]) => ({ day, count: number })),
    seconds: lastSeconds,
  }
}

function withPercent(counts: Counts, total: number): Named[] {
  return counts.map(([name, number]) => {
    const percent = total === 0 ? 0 : Math.round((1000 * number) / total) / 10
    return { name, count: number, percent }
  })
}

function sum(counts: Counts): number {
  return counts.reduce((total, [, number]) => total + number, 0)
}

const amount = z.int().min(0)
const counted = z.array(z.looseObject({ name: z.string(), count: amount, percent: z.number() }))
const stats = z
  .looseObject({
    total: amount,
    today: amount,
    eventsPerSecond: z.number().min(0),
    connections: amount,
    categories: counted,
    severities: counted,
  })
  .meta({
    description: 'What GET /stats returns. Written whenever it changes, at most every 2 s.',
    examples: [
      {
        total: 2,
        today: 2,
        eventsPerSecond: 0.2,
        connections: 1,
        categories: [{ name: 'port.ship', count: 2, percent: 100 }],
        severities: [{ name: 'info', count: 2, percent: 100 }],
      },
    ],
  })

const named = { id: z.string(), source: z.string() }
const erased = z
  .looseObject({
    ...named,
    type: z.string(),
    offset: amount.meta({ description: 'The position of the event, in the partition of the erasure.' }),
    keys: z.array(z.string()).meta({ description: 'The keys of the states that the event went into.' }),
    also: z.array(z.looseObject(named)).meta({ description: 'The events that were erased with it.' }),
    by: z.string(),
    at: z.iso.datetime(),
  })
  .meta({
    description:
      'The data of an event of this channel was erased: pages that show the event remove it, and views forget it. It passes every filter.',
    examples: [
      {
        id: 'arrival-7781',
        source: '/gates',
        type: 'port.container.arrived',
        offset: 12,
        keys: ['arrival-7781'],
        also: [],
        by: 'ada@example.com',
        at: '2026-03-01T10:00:00.000Z',
      },
    ],
  })

/** Tidewire's own statistics, a view of the events of every domain, and its audit trail, on a topic of its own. */
export const tidewire = defineDomain({
  name: 'tidewire',
  topics: { [AUDIT_TOPIC]: [AUDIT_CHANNELS] },
  events: {
    'tidewire.stats': { schema: stats, isInternal: true },
    [ERASED_TYPE]: {
      schema: erased,
      category: { rule: 'that of the event that is erased', of: () => ERASED_TYPE },
      isInternal: true,
    },
    ...auditEvents,
  },
  views: { stats: statsView },
})
