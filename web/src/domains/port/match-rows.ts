import type { Feed } from './feed.ts'
import { dependsOnCases, UNTOUCHED } from './feed-filters.ts'
import type { FeedRow } from './feed-row.ts'

/** Something has happened to a row: the filters look at it again, if they look at such things. */
export function touch({ filters, touched }: Feed, row: FeedRow, isDeletion: boolean): void {
  if (isDeletion || dependsOnCases(filters)) touched.add(row)
}

/** Looks at every row again. */
export function matchAll(feed: Feed): void {
  feed.touched.clear()
  feed.liveShown = feed.live.filter((row) => isShown(feed, row))
  feed.olderShown = feed.older.filter((row) => isShown(feed, row))
}

/** Looks again at the rows whose case has changed. While rows are held they stay where they are, whatever becomes of them. */
export function matchTouched(feed: Feed): void {
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
export function isShown({ book, matcher }: Feed, row: FeedRow): boolean {
  return matcher.passesEvent(row) && matcher.passesCase(book.brief(row) ?? UNTOUCHED)
}
