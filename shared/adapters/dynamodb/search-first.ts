/** A range of offsets, both ends included. */
export type Bounds = { readonly from: number; readonly to: number }

/** The first looks of a search are at these distances from its start: 0, 1, 16, 256 and so on. */
const GROWTH = 16
/** How many looks a later round has. They run in parallel. */
const LOOKS = 3

/**
 * Searches a range of offsets, of which some are missing, for the first item that is wanted, where all above a wanted
 * one are wanted. `look` returns the first item of a range. The looks of a round run in parallel, and the first round
 * finds an item near the start, where it usually is. With n offsets it takes O(log n) looks, in about log₄ n rounds.
 * @returns the item, and the last one before it that was seen.
 */
export async function searchFirst<T extends { readonly offset: number }>(
  { from, to }: Bounds,
  look: (range: Bounds) => Promise<T | undefined>,
  isWanted: (item: T) => boolean,
): Promise<{ readonly found: T | undefined; readonly before: T | undefined }> {
  let found: T | undefined
  let before: T | undefined
  // No item below `low` is wanted; nothing is stored from `high` up to the one that was found.
  let low = from
  let high = to + 1
  let points = growing(low, high)
  while (low < high) {
    const range = high - 1
    const seen = await Promise.all(
      points.map(async (point) => ({ point, item: await look({ from: point, to: range }) })),
    )
    for (const { point, item } of seen) {
      if (item !== undefined && !isWanted(item)) {
        before = item
        low = Math.max(low, item.offset + 1)
        continue
      }
      found = item ?? found
      high = point
      break
    }
    points = between(low, high)
  }
  return { found, before }
}

function growing(low: number, high: number): number[] {
  const points: number[] = []
  for (let distance = 0; low + distance < high; distance = Math.max(1, distance * GROWTH))
    points.push(low + distance)
  return points
}

function between(low: number, high: number): number[] {
  const at = (share: number) => low + Math.floor(((high - low) * share) / (LOOKS + 1))
  return [...new Set(Array.from({ length: LOOKS }, (_, index) => at(index + 1)))]
}
