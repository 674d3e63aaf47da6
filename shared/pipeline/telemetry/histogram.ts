/**
 * How many latencies fell into each bucket, by its number. Histograms with the same buckets can be added up, which
 * percentiles cannot.
 */
export type Histogram = readonly number[]

/** Bucket 0 ends here; each further one ends a fourth root of two later, so an estimate is wrong by 9 % at most. */
const FIRST_MS = 0.1
const STEPS_PER_DOUBLING = 4
/** The last bucket begins at 88 s, and has all that is longer. */
const LAST = 80

/** Returns the bucket of a latency in milliseconds. */
export function bucketOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0
  return Math.min(LAST, Math.ceil(Math.log2(ms / FIRST_MS) * STEPS_PER_DOUBLING))
}

/** Returns the longest latency of a bucket, in milliseconds. */
function endOf(bucket: number): number {
  return FIRST_MS * 2 ** (bucket / STEPS_PER_DOUBLING)
}

/** Returns the sum of histograms. */
export function addHistograms(all: readonly Histogram[]): Histogram {
  const length = all.reduce((most, { length }) => Math.max(most, length), 0)
  return Array.from({ length }, (_, bucket) => all.reduce((sum, counts) => sum + (counts[bucket] ?? 0), 0))
}

export function countOf(histogram: Histogram): number {
  return histogram.reduce((sum, count) => sum + count, 0)
}

/**
 * Returns the latency in milliseconds that this share of the latencies (from 0 to 1) does not exceed: the end of its
 * bucket, to three significant digits. Returns null for a histogram without any.
 */
export function percentile(histogram: Histogram, share: number): number | null {
  const count = countOf(histogram)
  if (count === 0) return null
  let left = Math.max(1, Math.ceil(count * share))
  const bucket = histogram.findIndex((own) => {
    left -= own
    return left <= 0
  })
  return Number(endOf(bucket).toPrecision(3))
}
