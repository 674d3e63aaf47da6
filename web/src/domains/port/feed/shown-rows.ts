import {
  dependsOnCases,
  type FeedFilters,
  type FilteredCase,
  isSameFilter,
  matcherOf,
  NO_FILTERS,
  startOfDay,
  UNTOUCHED,
} from './feed-filters.ts'
import type { FeedRow } from './feed-row.ts'

/** Rows that are held where they are. */
type Held = {
  /** Oldest first. */
  readonly rows: readonly FeedRow[]
  /** The arrival of the last row that came before the hold. */
  readonly arrival: number
  /** When the hold began, in milliseconds. */
  readonly at: number
  /** How many matching rows came after the hold and were removed since. */
  readonly missed: number
  readonly names: ReadonlySet<string>
}

type Options = {
  /** The name of the reader, for what is unread. */
  readonly reader: string
  /** Returns what people did to a row; null if nothing. */
  readonly caseOf: (row: FeedRow) => FilteredCase | null
  readonly makeMatcher?: typeof matcherOf
}

/**
 * The rows of the feed, and those of them that are shown. Only new rows are filtered, unless the filters change. While
 * rows are held, the live ones that are shown stay where they are.
 */
export function createShownRows({ reader, caseOf, makeMatcher = matcherOf }: Options) {
  /** Rows that were filtered, and whose case has changed since. */
  const touched = new Set<FeedRow>()
  let filters = NO_FILTERS
  /** When the day of the filter "today" began, in milliseconds. */
  let day = 0
  let matcher = makeMatcher(NO_FILTERS, reader, 0)
  let held: Held | null = null
  const passes = (row: FeedRow) => matcher.passesEvent(row) && passesCase(row)
  /** An event that is ahead of the log has no case, and is of no day that has come. */
  const passesCase = (row: FeedRow) =>
    row.positioned.ahead
      ? !dependsOnCases(filters) && !filters.isToday
      : matcher.passesCase(caseOf(row) ?? UNTOUCHED)
  const live = createShelf(1, passes)
  const older = createShelf(-1, passes)

  function matchTouched(): void {
    if (held || touched.size === 0) return
    live.matchAgain(touched)
    older.matchAgain(touched)
    touched.clear()
  }
  return {
    addLive: live.add,
    addOlder: older.add,
    liveCount: () => live.rows().length,
    olderCount: () => older.rows().length,
    /** Removes the oldest live rows, and returns them. */
    removeOldest: (count: number): readonly FeedRow[] => {
      const { gone, cut } = live.removeFirst(count)
      for (const row of gone) touched.delete(row)
      if (held) held = { ...held, missed: held.missed + countSince(cut, held.arrival) }
      return gone
    },
    /** Removes the older rows, and returns them. */
    removeOlder: (): readonly FeedRow[] => {
      const gone = older.rows()
      for (const row of gone) touched.delete(row)
      older.clear()
      return gone
    },
    /** Notes that the case of a row has changed, if the filters depend on it. */
    touch: (row: FeedRow, isDeletion: boolean): void => {
      if (isDeletion || dependsOnCases(filters)) touched.add(row)
    },
    /** Filters the touched rows again, unless rows are held. */
    matchTouched,
    /** Shows other rows, and returns whether these are others. `now` (milliseconds) decides what today is. */
    setFilters: (next: FeedFilters, now: number): boolean => {
      const isSameDay = !next.isToday || startOfDay(now) === day
      if (isSameFilter(next, filters) && isSameDay) return false
      filters = next
      day = startOfDay(now)
      matcher = makeMatcher(next, reader, now)
      touched.clear()
      live.match()
      older.match()
      if (!held) return true
      // The rows that were there when the hold began, through the new filters.
      const { arrival } = held
      held = { ...held, rows: live.shown().filter((row) => row.arrival <= arrival), missed: 0 }
      return true
    },
    isHeld: () => held !== null,
    isHeldName: (name: string) => held?.names.has(name) === true,
    /** Holds the rows that are shown. `arrival` is that of the last row. */
    hold: (at: number, arrival: number): void => {
      const rows = [...live.shown()]
      held = { rows, at, arrival, missed: 0, names: new Set(rows.map(({ name }) => name)) }
    },
    /** Ends the hold. Returns the names of the rows that were held when it began. */
    release: (): Iterable<string> => {
      const names = held?.names ?? []
      held = null
      matchTouched()
      return names
    },
    clear: (): void => {
      touched.clear()
      live.clear()
      older.clear()
      held = null
    },
    snapshot: () => snapshotOf(held, live.shown(), older.shown()),
  }
}

function snapshotOf(held: Held | null, live: readonly FeedRow[], older: readonly FeedRow[]) {
  const newest = held ? held.rows : live
  // Rows may be added to these arrays later: the snapshot shows those that there are now.
  const size = newest.length
  const count = size + older.length
  return {
    count,
    rowAt: (index: number): FeedRow | undefined =>
      index < size ? newest[size - 1 - index] : index < count ? older[index - size] : undefined,
    isHeld: held !== null,
    heldAt: held?.at ?? null,
    fresh: held ? held.missed + countSince(live, held.arrival) : 0,
  }
}

/** Rows in the order of their arrivals, which grow (`way` 1) or fall (`way` -1), and those of them that pass a test. */
function createShelf(way: 1 | -1, passes: (row: FeedRow) => boolean) {
  let rows: FeedRow[] = []
  let shown: FeedRow[] = []
  return {
    rows: (): readonly FeedRow[] => rows,
    shown: (): readonly FeedRow[] => shown,
    /** Adds a row at the end. */
    add: (row: FeedRow): void => {
      rows.push(row)
      if (passes(row)) shown.push(row)
    },
    /** Tests every row again. */
    match: (): void => {
      shown = rows.filter(passes)
    },
    /** Tests those of the given rows again that are on this shelf. */
    matchAgain: (changed: ReadonlySet<FeedRow>): void => {
      const before = shown
      for (const row of changed) {
        if (Math.sign(row.arrival) !== way) continue
        const at = indexOf(shown, row.arrival, way)
        const isThere = shown[at] === row
        if (isThere === passes(row)) continue
        // A snapshot may still read the array.
        if (shown === before) shown = [...shown]
        shown.splice(at, Number(isThere), ...(isThere ? [] : [row]))
      }
    },
    /** Removes the first rows. Returns them, and those of them that were shown. */
    removeFirst: (count: number) => {
      const gone = rows.slice(0, count)
      rows = rows.slice(count)
      const kept = countSince(shown, (rows[0]?.arrival ?? 0) - 1)
      const cut = shown.slice(0, shown.length - kept)
      shown = shown.slice(shown.length - kept)
      return { gone, cut }
    },
    clear: (): void => {
      rows = []
      shown = []
    },
  }
}

/** Returns how many rows at the end arrived after `arrival`. Arrivals must grow. */
function countSince(rows: readonly FeedRow[], arrival: number): number {
  let count = 0
  while ((rows[rows.length - 1 - count]?.arrival ?? 0) > arrival) count++
  return count
}

/** Returns the index of the row with this arrival, or the index where it would be inserted. */
function indexOf(rows: readonly FeedRow[], arrival: number, way: 1 | -1): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (((rows[middle]?.arrival ?? 0) - arrival) * way < 0) low = middle + 1
    else high = middle
  }
  return low
}
