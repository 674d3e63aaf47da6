import type { ReceivedEvent } from '#shared/client/connect.ts'
import { moveOf } from '#shared/domain/port/case-moves.ts'
import { isMove } from '#shared/domain/port/read-event.ts'
import { type CaseBook, createCaseBook } from '../case/case-book.ts'
import {
  dependsOnCases,
  type FeedFilters,
  type FeedMatcher,
  isSameFilter,
  matcherOf,
  NO_FILTERS,
  UNTOUCHED,
} from './feed-filters.ts'
import { createRow, type FeedRow } from './feed-row.ts'

/** Rows that a reader holds still: oldest first, as of the `arrival` of the latest. */
type Held = {
  readonly rows: readonly FeedRow[]
  readonly arrival: number
  /** When the hold began, in milliseconds. */
  readonly at: number
  /** How many matching rows came after the hold and were trimmed since. */
  readonly missed: number
  readonly ids: ReadonlySet<string>
}

/**
 * The events of the feed and which of them are shown. Live rows are kept oldest first, so that adding is a push;
 * filters look at what is new only, unless they change; memory is bounded by `capacity`.
 */
export type Feed = {
  /** The most live rows to keep; a quarter more before they are trimmed. */
  readonly capacity: number
  /** The name of the reader, for what is unread. */
  readonly reader: string
  readonly byId: Map<string, FeedRow>
  book: CaseBook
  filters: FeedFilters
  matcher: FeedMatcher
  live: FeedRow[]
  liveShown: FeedRow[]
  /** Newest first. */
  older: readonly FeedRow[]
  olderShown: FeedRow[]
  held: Held | null
  received: number
  arrivals: number
  /** Rows that the filters have looked at, and whose case has changed since. */
  readonly touched: Set<FeedRow>
}

export function createFeed(capacity: number, reader: string): Feed {
  return {
    ...{ capacity, reader, byId: new Map(), book: createCaseBook() },
    ...{ filters: NO_FILTERS, matcher: matcherOf(NO_FILTERS, reader, 0) },
    ...{ live: [], liveShown: [], older: [], olderShown: [], held: null },
    ...{ received: 0, arrivals: 0, touched: new Set() },
  }
}

/** Takes what came live, in its order. Answers the rows that it made. */
export function takeEvents(feed: Feed, events: readonly ReceivedEvent[]): FeedRow[] {
  const added: FeedRow[] = []
  for (const positioned of events) {
    if (isMove(positioned.event)) takeMove(feed, positioned)
    else takeEvent(feed, positioned, added)
  }
  trim(feed)
  matchTouched(feed)
  return added
}

function takeMove(feed: Feed, positioned: ReceivedEvent): void {
  const row = feed.byId.get(positioned.event.subject ?? '')
  feed.book.move(positioned, row)
  if (row) touch(feed, row, moveOf(positioned.event) === 'delete')
}

function takeEvent(feed: Feed, positioned: ReceivedEvent, added: FeedRow[]): void {
  const row = createRow(positioned, feed.arrivals + 1)
  if (feed.byId.get(row.id)?.key === row.key) return // the history had it already
  feed.arrivals++
  feed.received++
  feed.live.push(row)
  feed.byId.set(row.id, row)
  feed.book.adopt(row)
  added.push(row)
  if (isShown(feed, row)) feed.liveShown.push(row)
}

/** Puts a page of history, newest first, below everything; what is there already is left out. */
export function addPage(feed: Feed, page: readonly ReceivedEvent[]): void {
  const { byId, book } = feed
  const added: FeedRow[] = []
  for (const positioned of page) {
    const row = createRow(positioned, -feed.older.length - added.length - 1)
    if (isMove(positioned.event) || byId.has(row.id)) continue
    byId.set(row.id, row)
    added.push(row)
  }
  for (const positioned of page.toReversed()) if (isMove(positioned.event)) takeMove(feed, positioned)
  for (const row of added) book.adopt(row)
  feed.older = [...feed.older, ...added]
  feed.olderShown = [...feed.olderShown, ...added.filter((row) => isShown(feed, row))]
  matchTouched(feed)
}

/** Shows other rows. `now` (milliseconds) decides what today is. */
export function setFilters(feed: Feed, filters: FeedFilters, now: number): void {
  if (isSameFilter(filters, feed.filters)) return
  feed.filters = filters
  feed.matcher = matcherOf(filters, feed.reader, now)
  matchAll(feed)
  if (!feed.held) return
  // The rows that were there when the hold began, through the new filters.
  const { arrival } = feed.held
  const rows = feed.liveShown.filter((row) => row.arrival <= arrival)
  feed.held = { ...feed.held, rows, missed: 0 }
}

/** Holds the shown rows where they are. */
export function hold(feed: Feed, at: number): void {
  if (feed.held) return
  const rows = [...feed.liveShown]
  feed.held = { rows, at, arrival: feed.arrivals, missed: 0, ids: new Set(rows.map(({ id }) => id)) }
}

/** Lets them go on. */
export function release(feed: Feed): void {
  const { held, byId, book } = feed
  feed.held = null
  // Rows that were trimmed under the reader's eyes.
  for (const id of held?.ids ?? []) if (!byId.has(id)) book.forget(id)
  matchTouched(feed)
}

/** How many rows that pass the filters came since the hold. */
export function countFresh({ held, liveShown }: Feed): number {
  return held ? held.missed + countSince(liveShown, held.arrival) : 0
}

function countSince(rows: readonly FeedRow[], arrival: number): number {
  let count = 0
  while ((rows[rows.length - 1 - count]?.arrival ?? 0) > arrival) count++
  return count
}

function trim(feed: Feed): void {
  const { capacity, byId, book, held, touched } = feed
  // By quarters, however many come at once: what is in memory then depends on how many have come, and on nothing else.
  const quarter = Math.ceil(capacity / 4)
  const over = Math.floor((feed.live.length - capacity) / quarter) * quarter
  if (over <= 0) return
  const gone = feed.live.slice(0, over)
  feed.live = feed.live.slice(over)
  for (const row of gone) {
    byId.delete(row.id)
    touched.delete(row)
    if (!held?.ids.has(row.id)) book.forget(row.id)
  }
  const kept = countSince(feed.liveShown, (feed.live[0]?.arrival ?? 0) - 1)
  const cut = feed.liveShown.slice(0, feed.liveShown.length - kept)
  if (held) feed.held = { ...held, missed: held.missed + countSince(cut, held.arrival) }
  feed.liveShown = feed.liveShown.slice(feed.liveShown.length - kept)
}

/** Something has happened to a row: the filters look at it again, if they look at such things. */
export function touch({ filters, touched }: Feed, row: FeedRow, isDeletion: boolean): void {
  if (isDeletion || dependsOnCases(filters)) touched.add(row)
}

/** Looks at every row again. */
function matchAll(feed: Feed): void {
  feed.touched.clear()
  feed.liveShown = feed.live.filter((row) => isShown(feed, row))
  feed.olderShown = feed.older.filter((row) => isShown(feed, row))
}

/** Looks again at the rows whose case has changed. While rows are held they stay where they are, whatever becomes of them. */
function matchTouched(feed: Feed): void {
  const { touched, held } = feed
  if (held || touched.size === 0) return
  feed.liveShown = place(feed, feed.liveShown, 1)
  feed.olderShown = place(feed, feed.olderShown, -1)
  touched.clear()
}

/** The shown rows with those that are touched put in or taken out. Live rows grow by arrival (`way` 1), older ones fall. */
function place(feed: Feed, shown: FeedRow[], way: 1 | -1): FeedRow[] {
  let placed = shown
  for (const row of feed.touched) {
    if (Math.sign(row.arrival) !== way) continue
    const at = indexOf(placed, row.arrival, way)
    const isThere = placed[at] === row
    if (isThere === isShown(feed, row)) continue
    // A snapshot may still show what there was.
    if (placed === shown) placed = [...shown]
    placed.splice(at, Number(isThere), ...(isThere ? [] : [row]))
  }
  return placed
}

/** Where a row of this arrival is, or would be. */
function indexOf(rows: readonly FeedRow[], arrival: number, way: 1 | -1): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (((rows[middle]?.arrival ?? 0) - arrival) * way < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether a row passes the filters, with all that people did to it. */
function isShown({ book, matcher }: Feed, row: FeedRow): boolean {
  return matcher.passesEvent(row) && matcher.passesCase(book.brief(row) ?? UNTOUCHED)
}
