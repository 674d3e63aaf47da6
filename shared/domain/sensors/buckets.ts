import { MEASURES, type Measure, type Reading } from './read-reading.ts'

/**
 * What was measured in one stretch of time: its number since 1970, then count and sum of the temperatures, count and
 * sum of the humidities. Sums are whole hundredths, so that the order of adding makes no difference.
 */
export type Bucket = readonly [
  index: number,
  temperatures: number,
  temperatureSum: number,
  humidities: number,
  humiditySum: number,
]

/** Adds a reading. `size` buckets are kept, up to the newest; answers the very same buckets when it lies before them. */
export function addReading(
  buckets: readonly Bucket[],
  index: number,
  reading: Reading,
  size: number,
): readonly Bucket[] {
  const newest = Math.max(index, buckets.at(-1)?.[0] ?? index)
  if (index <= newest - size) return buckets
  return joinBuckets(buckets, [toBucket(index, reading)], newest - size)
}

/** Adds up two lists of buckets, both in order; only those after `before` stay. */
export function joinBuckets(
  left: readonly Bucket[],
  right: readonly Bucket[],
  before: number,
): readonly Bucket[] {
  const isKept = ([index]: Bucket) => index > before
  const joined = left.filter(isKept)
  for (const bucket of right.filter(isKept)) {
    // Nearly always the last one or the one after it.
    const at = joined.findLastIndex(([index]) => index <= bucket[0])
    const known = joined[at]
    if (known?.[0] === bucket[0]) joined[at] = addUp(known, bucket)
    else joined.splice(at + 1, 0, bucket)
  }
  return joined
}

/** The averages of what the buckets hold, to the hundredth; null where nothing was measured. */
export function average(buckets: readonly Bucket[]): { readonly [measure in Measure]: number | null } {
  const [, temperatures, temperatureSum, humidities, humiditySum] = buckets.reduce(addUp, [0, 0, 0, 0, 0])
  return { temperature: mean(temperatures, temperatureSum), humidity: mean(humidities, humiditySum) }
}

/** A measured value as whole hundredths. */
export function hundredths(value: number): number {
  return Math.round(value * 100) + 0 // no negative zero, which JSON does not keep
}

/** The average of a sum of hundredths. */
export function mean(count: number, sum: number): number | null {
  return count === 0 ? null : (Math.round(sum / count) + 0) / 100
}

function toBucket(index: number, reading: Reading): Bucket {
  const [temperature, humidity] = MEASURES.map((measure) => reading[measure])
  return [index, ...countAndSum(temperature), ...countAndSum(humidity)]
}

function countAndSum(value: number | undefined): [number, number] {
  return value === undefined ? [0, 0] : [1, hundredths(value)]
}

function addUp(one: Bucket, two: Bucket): Bucket {
  return [one[0], one[1] + two[1], one[2] + two[2], one[3] + two[3], one[4] + two[4]]
}
