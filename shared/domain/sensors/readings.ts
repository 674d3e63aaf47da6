import { channelSegment } from '#shared/core/channel.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { FoldInput } from '#shared/domain/define-domain.ts'

/** The values that a sensor can measure, in degrees Celsius and per cent. */
export const RANGES = { temperature: [-90, 100], humidity: [0, 100] } as const
/** The longest name of a sensor or a place, in characters. */
export const NAME_LENGTH = 64

export type Measure = keyof typeof RANGES
export const MEASURES = ['temperature', 'humidity'] as const

/** A reading as the views count it. `time` in milliseconds since 1970. */
export type Reading = {
  readonly sensorId: string
  readonly location: string | null
  readonly time: number
} & { readonly [measure in Measure]?: number }

/**
 * Returns the channels of a sensor's readings. Readings that name the sensor only in their subject share the second
 * one.
 */
export function channelsOfSensor(sensorId: string): readonly string[] {
  return [`sensor.reading.${channelSegment(sensorId)}`, 'sensor.reading']
}

/** Returns the reading of an event; null if the event is not a reading, or has no sensor, time or valid value. */
export function readReading({ event }: FoldInput): Reading | null {
  if (event.type !== 'sensor.reading' || !isRecord(event.data)) return null
  const sensorId = event.data.sensorId ?? event.subject
  const time = parseTimestamp(event.time)
  const values = readMeasures(event.data)
  if (!isName(sensorId) || time === null || values === null) return null
  if (!channelsOfSensor(sensorId).includes(event.category ?? '')) return null
  const { location } = event.data
  return { sensorId, location: isName(location) ? location : locationOf(sensorId), time, ...values }
}

/** Returns the measured values of a reading; null if there is none or one is out of range. */
function readMeasures(data: Readonly<Record<string, unknown>>): { [measure in Measure]?: number } | null {
  const values: { [measure in Measure]?: number } = {}
  for (const measure of MEASURES) {
    const value = data[measure]
    const [minimum, maximum] = RANGES[measure]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) return null
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

/** A sensor at its place, and what it measures there on a normal day. */
type Place = {
  readonly sensorId: string
  readonly location: string
  /** The average of a day, in degrees Celsius, and how far the afternoon is above it. */
  readonly meanCelsius: number
  readonly swingCelsius: number
  readonly meanPercent: number
}

/** The five sensors of the simulator. Any other sensor may report too. */
export const PLACES: readonly Place[] = [
  { sensorId: 'quay-1', location: 'North quay', meanCelsius: 14, swingCelsius: 6, meanPercent: 72 },
  { sensorId: 'reefer-2', location: 'Reefer stacks', meanCelsius: 4, swingCelsius: 1.5, meanPercent: 55 },
  { sensorId: 'yard-3', location: 'Container yard', meanCelsius: 17, swingCelsius: 9, meanPercent: 58 },
  { sensorId: 'shed-4', location: 'Grain shed', meanCelsius: 21, swingCelsius: 3, meanPercent: 48 },
  { sensorId: 'tower-5', location: 'Control tower', meanCelsius: 22, swingCelsius: 2, meanPercent: 42 },
]

/** Returns the place of a listed sensor, for readings without a location; null for any other sensor. */
function locationOf(sensorId: string): string | null {
  return PLACES.find((place) => place.sensorId === sensorId)?.location ?? null
}

/**
 * The readings of one interval: the number of the interval since 1970, count and sum of the temperatures, count and sum
 * of the humidities. Sums are whole hundredths: they do not depend on the order of adding.
 */
export type Bucket = readonly [
  index: number,
  temperatures: number,
  temperatureSum: number,
  humidities: number,
  humiditySum: number,
]

/**
 * Adds a reading and keeps `size` intervals up to the newest. Returns the very same buckets if the reading is older
 * than these.
 */
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

/** Adds up two sorted lists of buckets; only those after `before` are kept. */
export function joinBuckets(
  left: readonly Bucket[],
  right: readonly Bucket[],
  before: number,
): readonly Bucket[] {
  const joined = bucketsAfter(left, before)
  for (const bucket of bucketsAfter(right, before)) {
    // Nearly always the last one or the one after it.
    const at = joined.findLastIndex(([index]) => index <= bucket[0])
    const known = joined[at]
    if (known?.[0] === bucket[0]) joined[at] = addUp(known, bucket)
    else joined.splice(at + 1, 0, bucket)
  }
  return joined
}

/** A search from the start and one copy, because of a full window rarely more than one bucket is removed. */
function bucketsAfter(buckets: readonly Bucket[], before: number): Bucket[] {
  const first = buckets.findIndex(([index]) => index > before)
  return first === -1 ? [] : buckets.slice(first)
}

/** Returns the averages of the buckets, to the hundredth; null if nothing was measured. */
export function average(buckets: readonly Bucket[]): { readonly [measure in Measure]: number | null } {
  const [, temperatures, temperatureSum, humidities, humiditySum] = buckets.reduce(addUp, [0, 0, 0, 0, 0])
  return { temperature: mean(temperatures, temperatureSum), humidity: mean(humidities, humiditySum) }
}

/** Returns a measured value in whole hundredths. */
export function hundredths(value: number): number {
  return Math.round(value * 100) + 0 // no negative zero, which JSON does not keep
}

/** Returns the average of a sum of hundredths; null if the count is 0. */
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
