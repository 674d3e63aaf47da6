/** A range of offsets, both ends included. */
export type Bounds = { readonly from: number; readonly to: number }

/** How the items of a stream are looked at. Each is one request. */
export type Looks<T> = {
  /** Returns the first item of a range. */
  readonly first: (range: Bounds) => Promise<T | undefined>
  /** Returns the items at these offsets, as far as there are any, sorted by offset. */
  readonly at: (offsets: readonly number[]) => Promise<readonly T[]>
}

/** How many offsets of a range one request looks at. */
const POINTS = 16

/**
 * Searches a range of offsets, of which some are missing, for the first item that is wanted, where all above a wanted
 * one are wanted. If the first item of all is wanted that takes one round trip; otherwise, with n offsets of which most
 * exist, log₁₇ n more, one request each, and at most log₂ n where nearly all are missing.
 * @returns the item, and the last one before it that was seen.
 */
export async function searchFirst<T extends { readonly offset: number }>(
  { from, to }: Bounds,
  looks: Looks<T>,
  isWanted: (item: T) => boolean,
): Promise<{ readonly found: T | undefined; readonly before: T | undefined }> {
  if (from > to) return { found: undefined, before: undefined }
  const looking = looks.at(pointsIn(from, to))
  const first = await looks.first({ from, to })
  const sampled = await looking
  if (first === undefined || isWanted(first)) return { found: first, before: undefined }
  let found: T | undefined
  let before: T = first
  // No item below `low` is wanted; of those up to `high` that may be, `found` is the first that is known.
  let low = first.offset + 1
  let high = to
  narrow(sampled)
  while (low <= high) {
    const size = high - low
    const points = pointsIn(low, high)
    narrow(await looks.at(points))
    if (points.length > size) break // every offset was looked at
    if (high - low < size) continue
    const middle = low + Math.floor(size / 2)
    const next = await looks.first({ from: middle, to: high })
    if (next === undefined) high = middle - 1
    else narrow([next])
    if (next && isWanted(next)) high = middle - 1 // nothing is stored between
  }
  return { found, before }

  function narrow(items: readonly T[]): void {
    for (const item of items) {
      if (item.offset < low || item.offset > high) continue
      if (isWanted(item)) {
        found = item
        high = item.offset - 1
        return
      }
      before = item
      low = item.offset + 1
    }
  }
}

/** Returns offsets that divide a range evenly; all of them if they are few. */
function pointsIn(from: number, to: number): number[] {
  const size = to - from + 1
  if (size <= POINTS) return Array.from({ length: size }, (_, index) => from + index)
  return Array.from({ length: POINTS }, (_, index) => from + Math.floor(((index + 1) * size) / (POINTS + 1)))
}
