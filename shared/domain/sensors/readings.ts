import { channelSegment } from '#shared/core/channel.ts'
import type { FoldInput } from '#shared/domain/define-domain.ts'

/** What can be measured at all: degrees Celsius and per cent. */
export const RANGES = { temperature: [-90, 100], humidity: [0, 100] } as const
/** Longest name of a sensor and of a place, in characters. */
export const NAME_LENGTH = 64

export type Measure = keyof typeof RANGES
export const MEASURES = ['temperature', 'humidity'] as const

/** A reading as the views count it. `time` in milliseconds since 1970. */
export type Reading = {
  readonly sensorId: string
  readonly location: string | null
  readonly time: number
} & { readonly [measure in Measure]?: number }

/** The channels of a sensor's readings; those that name it in the subject alone share the second one. */
export function channelsOfSensor(sensorId: string): readonly string[] {
  return [`sensor.reading.${channelSegment(sensorId)}`, 'sensor.reading']
}

/** Reads a reading off an event. Null where the event is none, or nobody can tell which sensor it is of, or when it was. */
export function readReading({ event }: FoldInput): Reading | null {
  if (event.type !== 'sensor.reading' || !isRecord(event.data)) return null
  const sensorId = event.data.sensorId ?? event.subject
  const time = Date.parse(event.time ?? '')
  const values = readMeasures(event.data)
  if (!isName(sensorId) || Number.isNaN(time) || values === null) return null
  if (!channelsOfSensor(sensorId).includes(event.category ?? '')) return null
  const { location } = event.data
  return { sensorId, location: isName(location) ? location : locationOf(sensorId), time, ...values }
}

/** The measured values of a reading or an alert; null where there is none, or one that cannot be. */
function readMeasures(data: Readonly<Record<string, unknown>>): { [measure in Measure]?: number } | null {
  const values: { [measure in Measure]?: number } = {}
  for (const measure of MEASURES) {
    const value = data[measure]
    const [least, most] = RANGES[measure]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= least && value <= most)) return null
    values[measure] = value + 0 // no negative zero, which JSON does not keep
  }
  return Object.keys(values).length > 0 ? values : null
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= NAME_LENGTH
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** A sensor at its place, and what it measures there on an ordinary day. */
type Place = {
  readonly sensorId: string
  readonly location: string
  /** Mean of a day, in degrees Celsius, and how far the afternoon is above it. */
  readonly meanCelsius: number
  readonly swingCelsius: number
  readonly meanPercent: number
}

/** The five sensors that the simulator speaks for. Any other sensor may report too. */
export const PLACES: readonly Place[] = [
  { sensorId: 'quay-1', location: 'North quay', meanCelsius: 14, swingCelsius: 6, meanPercent: 72 },
  { sensorId: 'reefer-2', location: 'Reefer stacks', meanCelsius: 4, swingCelsius: 1.5, meanPercent: 55 },
  { sensorId: 'yard-3', location: 'Container yard', meanCelsius: 17, swingCelsius: 9, meanPercent: 58 },
  { sensorId: 'shed-4', location: 'Grain shed', meanCelsius: 21, swingCelsius: 3, meanPercent: 48 },
  { sensorId: 'tower-5', location: 'Control tower', meanCelsius: 22, swingCelsius: 2, meanPercent: 42 },
]

/** Where a sensor stands whose readings do not say so; null for one that nobody has listed. */
function locationOf(sensorId: string): string | null {
  return PLACES.find((place) => place.sensorId === sensorId)?.location ?? null
}

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
