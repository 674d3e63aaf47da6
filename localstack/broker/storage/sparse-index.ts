/** The bytes of log for each entry. */
const INTERVAL_BYTES = 32 * 1024

// Entry => offset · position · max_timestamp (of all batches before this one; -1 for the first)
const FIELDS = 3
const OFFSET = 0
const POSITION = 1
const TIMESTAMP = 2

/** Where to begin to read a segment, by offset and by time: one entry for about every 32 KB of it. */
export type SparseIndex = {
  /** Adds an entry if the last one is far enough behind. Batches are added in the sequence of the file. */
  add(batch: { offset: number; position: number; maxTimestampBefore: number }): void
  /** The position of a batch at or before the one with `offset`. */
  positionOf(offset: number): number
  /** The position of a batch at or before the first one whose records reach `timestamp`. */
  positionOfTime(timestamp: number): number
  /** All entries, as the index file has them. */
  entries(): Float64Array
}

/** An index with these entries, which it does not change. */
export function createSparseIndex(entries: Float64Array = new Float64Array(0)): SparseIndex {
  let fields = entries
  let count = entries.length / FIELDS

  const field = (entry: number, which: number): number => fields[entry * FIELDS + which] ?? 0
  /** The position of the last entry for which `isBefore` is true; it is true up to an entry and false from there on. */
  const lastPosition = (isBefore: (entry: number) => boolean): number => {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(middle)) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : field(low - 1, POSITION)
  }

  return {
    add({ offset, position, maxTimestampBefore }) {
      if (count > 0 && position - field(count - 1, POSITION) < INTERVAL_BYTES) return
      if (fields.length < (count + 1) * FIELDS) {
        const larger = new Float64Array(Math.max(64, count * 2) * FIELDS)
        larger.set(fields)
        fields = larger
      }
      fields.set([offset, position, maxTimestampBefore], count * FIELDS)
      count += 1
    },
    positionOf: (offset) => lastPosition((entry) => field(entry, OFFSET) <= offset),
    positionOfTime: (timestamp) => lastPosition((entry) => field(entry, TIMESTAMP) < timestamp),
    entries: () => fields.subarray(0, count * FIELDS),
  }
}
