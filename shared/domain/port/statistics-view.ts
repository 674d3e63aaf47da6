import { defineView } from '#shared/domain/define-domain.ts'
import { CASE_STATUSES } from './case.ts'
import {
  type Counts,
  countEvent,
  dayOf,
  mergeStatistics,
  NO_STATISTICS,
  STATISTICS_LIMITS,
  type Statistics,
} from './statistics.ts'

/** How many of all, and what part of them in per cent with one decimal. */
export type Share = { readonly name: string; readonly count: number; readonly percent: number }

/** The statistics as people read them. */
export type PresentedStatistics = {
  readonly total: number
  readonly critical: number
  /** Events of today, in UTC. */
  readonly today: number
  /** Events that are neither closed nor deleted. */
  readonly open: number
  readonly deleted: number
  readonly categories: readonly Share[]
  readonly severities: readonly Share[]
  readonly statuses: readonly Share[]
  /** The last 31 days, oldest first, today last. */
  readonly days: readonly { readonly day: string; readonly count: number }[]
  /** Unread by each user who has read anything; everyone else has all `recent` events to read. */
  readonly unread: {
    readonly recent: number
    readonly users: readonly { readonly user: string; readonly unread: number }[]
  }
}

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info']
const CATEGORIES = ['port.container', 'port.ship', 'port.berth', 'port.port', 'port.system']
const DAY_MS = 86_400_000

/** Statistics as people read them: sums, shares and what depends on the time of day. `now` in milliseconds. */
export function presentStatistics(state: Statistics, now: number): PresentedStatistics {
  const { total, categories, severities, statuses, days, recent, users } = state
  const lastDays = Array.from({ length: STATISTICS_LIMITS.days }, (_, index) => {
    const day = dayOf(new Date(now - (STATISTICS_LIMITS.days - 1 - index) * DAY_MS).toISOString()) ?? ''
    return { day, count: days[day] ?? 0 }
  })
  const others = Object.keys(categories).filter((name) => !CATEGORIES.includes(name))
  return {
    total,
    critical: severities.critical ?? 0,
    today: lastDays.at(-1)?.count ?? 0,
    open: CASE_STATUSES.reduce(
      (open, status) => open + (status === 'closed' ? 0 : (statuses[status] ?? 0)),
      0,
    ),
    deleted: statuses.deleted ?? 0,
    categories: sharesOf([...CATEGORIES, ...others.sort()], categories, total),
    severities: sharesOf(SEVERITIES, severities, total),
    statuses: sharesOf(CASE_STATUSES, statuses, total),
    days: lastDays,
    unread: {
      recent: recent.length,
      users: users.map((user, index) => ({
        user,
        unread: recent.filter(({ readBy }) => !readBy.includes(index)).length,
      })),
    },
  }
}

function sharesOf(names: readonly string[], counts: Counts, total: number): Share[] {
  return names.map((name) => {
    const count = counts[name] ?? 0
    return { name, count, percent: total === 0 ? 0 : Math.round((count / total) * 1000) / 10 }
  })
}

/** What is counted of the port's events, all together. */
export const statistics = defineView<Statistics>({
  description:
    'Counts of the port’s events: total, critical, today (UTC), per category, severity and status with percentages, per day for 31 days, and unread per user among the last 300 events of each partition. Moves of a lifecycle are no events; a deleted event counts no more.',
  lateEvents:
    'An event counts for the day of its time, however late it comes, while that day is among the latest 31 of its partition.',
  channels: ['port.**'],
  initial: () => NO_STATISTICS,
  apply: (state, { event }) => countEvent(state, event),
  merge: mergeStatistics,
  present: presentStatistics,
})
