import { SEVERITIES } from '#shared/core/severity.ts'
import { foldText } from '#shared/core/text/fold-text.ts'
import { CASE_STATUSES, type Case } from '#shared/domain/port/case.ts'
import type { Search } from '#web/ui/state/use-search-state.ts'

/** Which events of the feed are shown. Empty lists and texts match everything. */
export type FeedFilters = {
  readonly severities: readonly string[]
  readonly categories: readonly string[]
  readonly statuses: readonly string[]
  readonly assignee: string
  readonly text: string
  readonly isToday: boolean
  readonly isUnread: boolean
}

export const CATEGORIES = ['port.container', 'port.ship', 'port.berth', 'port.port', 'port.system'] as const

/** Writes `port.container` for a reader: "container". */
export function sayCategory(category: string | undefined): string {
  return (category ?? '').replace(/^port\./, '')
}

export const NO_FILTERS: FeedFilters = {
  severities: [],
  categories: [],
  statuses: [],
  assignee: '',
  text: '',
  isToday: false,
  isUnread: false,
}

function listOf(value: string | undefined, known: readonly string[]): string[] {
  return (value ?? '').split(',').filter((name) => known.includes(name))
}

/** Reads the filters from the address. Unknown names are left out. */
export function fromSearch({ severity, category, status, assignee, q, today, unread }: Search): FeedFilters {
  return {
    severities: listOf(severity, SEVERITIES),
    categories: listOf(category, CATEGORIES),
    statuses: listOf(status, CASE_STATUSES),
    assignee: assignee ?? '',
    text: q ?? '',
    isToday: today === '1',
    isUnread: unread === '1',
  }
}

/** Writes the filters as parameters of the address. */
export function toSearch(filters: FeedFilters): Search {
  return {
    severity: filters.severities.join(','),
    category: filters.categories.join(','),
    status: filters.statuses.join(','),
    assignee: filters.assignee,
    q: filters.text,
    today: filters.isToday ? '1' : '',
    unread: filters.isUnread ? '1' : '',
  }
}

export function isFiltered(filters: FeedFilters): boolean {
  return Object.values(toSearch(filters)).some((value) => value !== '')
}

/** Returns whether an event can pass or fail because of what people do to it. */
export function dependsOnCases({ statuses, assignee, isUnread }: FeedFilters): boolean {
  return statuses.length > 0 || assignee !== '' || isUnread
}

/** What filters read of an event. */
export type FilteredEvent = {
  readonly severity: string
  readonly category: string
  readonly time: number
  /** Everything that is searched, in lower case. */
  readonly text: string
}

/** What filters read of its case. */
export type FilteredCase = Pick<Case, 'status' | 'assignee' | 'readBy' | 'isDeleted'>

/** A test in two halves: most events are decided by the half that never changes. */
export type FeedMatcher = {
  readonly passesEvent: (event: FilteredEvent) => boolean
  readonly passesCase: (state: FilteredCase) => boolean
}

/** The case of an event before its first move. */
export const UNTOUCHED: FilteredCase = { status: 'new', assignee: null, readBy: [], isDeleted: false }

/**
 * Makes the test of one set of filters. `now` (milliseconds) decides what today is, in UTC as in the statistics, and
 * the name of the reader what is unread.
 */
export function matcherOf(filters: FeedFilters, reader: string, now: number): FeedMatcher {
  const { severities, categories, statuses, assignee, isToday, isUnread } = filters
  const text = foldText(filters.text.trim())
  const dayBegins = startOfDay(now)
  return {
    passesEvent: (event) =>
      (severities.length === 0 || severities.includes(event.severity)) &&
      (categories.length === 0 || categories.some((name) => isWithin(event.category, name))) &&
      (!isToday || event.time >= dayBegins) &&
      (text === '' || event.text.includes(text)),
    passesCase: (state) =>
      !state.isDeleted &&
      (statuses.length === 0 || statuses.includes(state.status)) &&
      (assignee === '' || state.assignee === assignee) &&
      !(isUnread && state.readBy.includes(reader)),
  }
}

/** Returns whether two sets of filters match the same events. */
export function isSameFilter(one: FeedFilters, two: FeedFilters): boolean {
  return JSON.stringify(toSearch(one)) === JSON.stringify(toSearch(two))
}

function isWithin(category: string, name: string): boolean {
  return category === name || category.startsWith(`${name}.`)
}

export function startOfDay(now: number): number {
  return now - (now % 86_400_000)
}

/** Writes the filters as a query of `GET /events.csv`. It leaves `isUnread` out, because the server has no such filter. */
export function toExportQuery(filters: FeedFilters, now: number): string {
  const { severities, categories, statuses, assignee, text, isToday } = filters
  const channels = categories.length > 0 ? categories.map((name) => `${name}.**`) : ['port.**']
  const query = new URLSearchParams({
    channel: channels.join(','),
    ...(severities.length > 0 && { severity: severities.join(',') }),
    ...(statuses.length > 0 && { status: statuses.join(',') }),
    ...(assignee !== '' && { assignee }),
    ...(text.trim() !== '' && { q: text.trim() }),
    ...(isToday && { from: new Date(startOfDay(now)).toISOString() }),
  })
  return query.toString()
}
