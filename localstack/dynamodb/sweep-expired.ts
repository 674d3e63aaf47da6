import type { Tables } from './storage/open-tables.ts'

const EVERY_MS = 1000
/** Deleting so many takes a few milliseconds; then requests have their turn. */
const CHUNK = 200
/** Of each table in a second, so that the sweep keeps up with what a machine can write. */
const MAX_CHUNKS = 25
/** DynamoDB takes a time that lies further back for a mistake. Seconds. */
const FIVE_YEARS = 5 * 365 * 86_400

/**
 * Deletes expired items from the tables with a time to live, a bounded number in each second. `now` returns
 * milliseconds.
 * @returns a function that stops it.
 */
export function sweepExpired(tables: Tables, now: () => number = Date.now): () => void {
  let isStopped = false
  let pending: NodeJS.Timeout | NodeJS.Immediate | undefined
  const sweep = (chunksLeft: number) => {
    if (isStopped) return
    const isDone = !deleteChunk(tables, now())
    if (isDone || chunksLeft === 0) pending = setTimeout(() => sweep(MAX_CHUNKS), EVERY_MS).unref()
    else pending = setImmediate(() => sweep(chunksLeft - 1))
  }
  pending = setTimeout(() => sweep(MAX_CHUNKS), EVERY_MS).unref()
  return () => {
    isStopped = true
    clearTimeout(pending as NodeJS.Timeout)
  }
}

/** Deletes some expired items of each table. Returns whether there may be more. */
export function deleteChunk(tables: Tables, now: number): boolean {
  const to = Math.floor(now / 1000)
  const deleted = tables
    .all()
    .filter(({ definition }) => definition.timeToLive !== null)
    .map((table) => table.deleteExpired({ from: to - FIVE_YEARS, to, limit: CHUNK }))
  return deleted.includes(CHUNK)
}
