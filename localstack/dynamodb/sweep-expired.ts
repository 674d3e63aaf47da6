import type { Tables } from './storage/open-tables.ts'

const EVERY_MS = 1000
/** Of each table at once. It takes about a millisecond for each table; then requests have their turn. */
const CHUNK = 200
/** Pages that are given back at once: 1 MB in about 2 ms. */
const PAGES = 256
/** DynamoDB takes a time that lies further back for a mistake. Seconds. */
const FIVE_YEARS = 5 * 365 * 86_400

/**
 * Deletes expired items from the tables with a time to live and gives the disk back that is free then, in small steps.
 * While there is more to do, each step is followed by a pause that is as long, so requests have at least half of the
 * time: enough for tens of thousands of items in a second. `now` returns milliseconds; it is the time of day, as in
 * DynamoDB, and may jump. A step that fails, as on a full disk, is told and done again.
 * @returns a function that stops it.
 */
export function sweepExpired(
  tables: Tables,
  { now = Date.now, onFailure }: { now?: () => number; onFailure: (error: unknown) => void },
): () => void {
  let pending = setTimeout(sweep, EVERY_MS).unref()
  function sweep() {
    const begin = performance.now()
    const hasMore = trySweep()
    pending = setTimeout(sweep, hasMore ? performance.now() - begin : EVERY_MS).unref()
  }
  function trySweep(): boolean {
    try {
      return sweepOnce(tables, now())
    } catch (error) {
      onFailure(error)
      return false
    }
  }
  return () => clearTimeout(pending)
}

/** Deletes some expired items of each table, or gives some free pages back. Returns whether there may be more. */
export function sweepOnce(tables: Tables, now: number): boolean {
  const to = Math.floor(now / 1000)
  const deleted = tables
    .all()
    .filter(({ definition }) => definition.timeToLive !== null)
    .map((table) => table.deleteExpired({ from: to - FIVE_YEARS, to, limit: CHUNK }))
  return deleted.includes(CHUNK) || tables.giveBack(PAGES)
}
