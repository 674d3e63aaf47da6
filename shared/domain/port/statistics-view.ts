import { isSeverity, SEVERITIES } from '#shared/core/severity.ts'
import { toUtc } from '#shared/core/time.ts'
import { type DomainEvent, defineView } from '#shared/domain/define-domain.ts'
import { CASE_STATUSES, type CaseStatus, isMove, judgeMove, MOVE_LIMITS, moveOf, targetOf } from './case.ts'
import { membersOf, textOf } from './read-event.ts'

type Counts = Readonly<Record<string, number>>
/** A recent event, by its name, and the users that read it, as indices into `users`. */
type Recent = { readonly id: string; readonly readBy: readonly number[] }
type CountedStatus = CaseStatus | 'deleted'

/**
 * The counts of the port's events. Moves do not count as events; they change the counts of the event that they move.
 */
export type Statistics = {
  readonly total: number
  readonly categories: Counts
  readonly severities: Counts
  readonly statuses: Counts
  /** By day of event time in UTC, such as "2026-11-21": the 31 latest days. */
  readonly days: Counts
  /** The last 300 events, or fewer with long names, from which the unread ones are counted. */
  readonly recent: readonly Recent[]
  readonly users: readonly string[]
  /** The status of the last 300 events that were moved: of two concurrent moves only the first counts. */
  readonly moved: readonly (readonly [id: string, status: CountedStatus])[]
}

const STATISTICS_LIMITS = {
  days: 31,
  recent: 300,
  users: 100,
  categories: 20,
  /** The longest name of an event that is known among the recent ones, and the length of all of them, in bytes. */
  name: 512,
  names: 24_000,
} as const

export const NO_STATISTICS: Statistics = {
  total: 0,
  categories: {},
  severities: {},
  statuses: {},
  days: {},
  recent: [],
  users: [],
  moved: [],
}

/** A count, and its share of all events in per cent with one decimal. */
type Share = { readonly name: string; readonly count: number; readonly percent: number }

/** What readers receive. */
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
  /** The unread events of each user that has read any; to every other user all `recent` events are unread. */
  readonly unread: {
    readonly recent: number
    readonly users: readonly { readonly user: string; readonly unread: number }[]
  }
}

const CATEGORIES = ['port.container', 'port.ship', 'port.berth', 'port.port', 'port.system']
const DAY_MS = 86_400_000

/** The counts of all events of the port. */
export const statistics = defineView<Statistics>({
  description:
    'Counts of the port’s events: total, critical, today (UTC), per category, severity and status with percentages, per day for 31 days, and unread per user among the last 300 events of each partition (fewer if their ids and sources are long). Moves of a lifecycle do not count as events. A deleted event no longer counts.',
  lateEvents:
    'An event counts for the day of its time, however late it arrives, if that day is among the latest 31 of its partition.',
  channels: ['port.**'],
  initial: () => NO_STATISTICS,
  apply: (state, { event }) => countEvent(state, event),
  merge: mergeStatistics,
  present: presentStatistics,
  erasing: {
    rule: 'It keeps counts, the ids of recent events and who read them; an erased event still counts.',
  },
})

/** Counts an event, or changes the counts of the event that it moves. */
function countEvent(state: Statistics, event: DomainEvent): Statistics {
  if (isMove(event)) return countMove(state, event)
  const category = categoryOf(event.category, state)
  const name = nameOf(event)
  const recent = name === null ? state.recent : [...state.recent, { id: name, readBy: [] }]
  return {
    ...state,
    total: state.total + 1,
    statuses: add(state.statuses, 'new', 1),
    categories: add(state.categories, category, 1),
    severities: add(state.severities, severityOf(event.severity), 1),
    days: latest(add(state.days, dayOf(event.time), 1)),
    recent: lastOf(recent, ({ id }) => id),
  }
}

function countMove(state: Statistics, event: DomainEvent): Statistics {
  const move = moveOf(event)
  const id = knownName(state, event)
  if (move === undefined || id === null) return state
  const { by, from: claimed, of } = membersOf(event.data)
  if (move === 'read') return countRead(state, id, textOf(by, MOVE_LIMITS.name) ?? 'somebody')
  const from = statusOf(state, id, claimed)
  if (from === undefined || from === 'deleted') return state
  const judged = judgeMove({ status: from, statusBy: null, isDeleted: false }, move)
  if ('refused' in judged) return state
  const to = move === 'delete' ? 'deleted' : judged.to
  if (to === from || (state.statuses[from] ?? 0) === 0) return state
  const statuses = add(add(state.statuses, from, -1), to, 1)
  const others = state.moved.filter(([other]) => other !== id)
  const moved = lastOf([...others, [id, to] as const], ([name]) => name)
  const next = { ...state, statuses, moved }
  return to === 'deleted' ? discount(next, id, membersOf(of)) : next
}

/** Subtracts a deleted event. The move contains the values under which it was counted. */
function discount(
  state: Statistics,
  id: string,
  { category, severity, time }: Readonly<Record<string, unknown>>,
) {
  return {
    ...state,
    total: Math.max(0, state.total - 1),
    categories: add(state.categories, categoryOf(category, state), -1),
    severities: add(state.severities, severityOf(severity), -1),
    days: add(state.days, dayOf(time), -1),
    recent: state.recent.filter((one) => one.id !== id),
  }
}

/** Returns the status of an event: from its recent moves, otherwise the one that the move itself claims. */
function statusOf({ moved, recent }: Statistics, id: string, claimed: unknown): CountedStatus | undefined {
  const known = moved.find(([other]) => other === id)
  if (known) return known[1]
  if (recent.some((one) => one.id === id)) return 'new'
  return CASE_STATUSES.find((one) => one === claimed)
}

function countRead(state: Statistics, id: string, user: string): Statistics {
  const users = state.users.includes(user) ? state.users : [...state.users, user]
  const reader = users.indexOf(user)
  const isNews = state.recent.some((one) => one.id === id && !one.readBy.includes(reader))
  if (!isNews || reader >= STATISTICS_LIMITS.users) return state
  const recent = state.recent.map((one) =>
    one.id === id ? { ...one, readBy: [...one.readBy, reader] } : one,
  )
  return { ...state, users, recent }
}

/** Adds up the counts of two partitions. */
export function mergeStatistics(left: Statistics, right: Statistics): Statistics {
  const users = [...new Set([...left.users, ...right.users])]
  const moveReaders = ({ id, readBy }: Recent) => ({
    id,
    readBy: readBy.map((reader) => users.indexOf(right.users[reader] ?? '')),
  })
  return {
    ...left,
    ...right,
    total: left.total + right.total,
    categories: sum(left.categories, right.categories),
    severities: sum(left.severities, right.severities),
    statuses: sum(left.statuses, right.statuses),
    days: latest(sum(left.days, right.days)),
    recent: [...left.recent, ...right.recent.map(moveReaders)],
    users,
    moved: [...left.moved, ...right.moved],
  }
}

function add(counts: Counts, name: string | null, by: number): Counts {
  if (name === null) return counts
  const { [name]: known = 0, ...others } = counts
  const count = Math.max(0, known + by)
  return count === 0 ? others : { ...counts, [name]: count }
}

function sum(left: Counts, right: Counts): Counts {
  return Object.entries(right).reduce((counts, [name, count]) => add(counts, name, count), left)
}

function latest(days: Counts): Counts {
  const names = Object.keys(days)
  if (names.length <= STATISTICS_LIMITS.days) return days
  const kept = new Set(names.sort().slice(-STATISTICS_LIMITS.days))
  return Object.fromEntries(Object.entries(days).filter(([day]) => kept.has(day)))
}

/** Returns the day of a time in UTC; null if the value is not a time. */
function dayOf(time: unknown): string | null {
  return typeof time === 'string' ? (toUtc(time)?.slice(0, -'T00:00:00.000Z'.length) ?? null) : null
}

/** Returns `port.container` for `port.container.reefer`, and `port.other` for a new category if there are too many. */
function categoryOf(category: unknown, { categories }: Statistics): string {
  const name = typeof category === 'string' ? category.split('.').slice(0, 2).join('.') : 'port'
  const isKnown = Object.hasOwn(categories, name)
  return isKnown || Object.keys(categories).length < STATISTICS_LIMITS.categories ? name : 'port.other'
}

function severityOf(severity: unknown): string {
  return isSeverity(severity) ? severity : 'info'
}

/** Returns the name of an event in ASCII, or null if it is too long. Never the same for two events. */
function nameOf({ id, source }: { readonly id: string; readonly source: string }): string | null {
  const name = `${escapeId(id)}@${encodeURIComponent(source.toWellFormed())}`
  return name.length <= STATISTICS_LIMITS.name ? name : null
}

function escapeId(id: string): string {
  return encodeURIComponent(id.toWellFormed())
}

/** Returns the name of the event that is moved. Without a source it is that of a known event with the id. */
function knownName({ moved, recent }: Statistics, event: DomainEvent): string | null {
  const { id, source } = targetOf(event)
  // Earlier versions knew events by their ids.
  const former = id.length <= 64 ? id : `${id.slice(0, 28)}…${id.length}…${id.slice(-28)}`
  const names = [...moved.map(([name]) => name), ...recent.map((one) => one.id)]
  const isKnownById = !former.includes('@') && names.includes(former)
  if (source === undefined) {
    const begin = `${escapeId(id)}@`
    const known = isKnownById ? former : names.find((name) => name.startsWith(begin))
    return known ?? (former.includes('@') ? null : former)
  }
  const name = nameOf({ id, source })
  return isKnownById && (name === null || !names.includes(name)) ? former : name
}

/** Returns the last entries: as many as may be known, and as their names leave room for. */
function lastOf<Entry>(entries: readonly Entry[], name: (entry: Entry) => string): readonly Entry[] {
  let room: number = STATISTICS_LIMITS.names
  let first = entries.length
  for (; first > Math.max(0, entries.length - STATISTICS_LIMITS.recent); first--) {
    const entry = entries[first - 1]
    room -= entry === undefined ? 0 : name(entry).length
    if (room < 0) break
  }
  return first === 0 ? entries : entries.slice(first)
}

/** Returns the statistics as readers receive them. `now` in milliseconds since 1970. */
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
