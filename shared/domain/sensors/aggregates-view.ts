import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { hundredths, mean } from './buckets.ts'
import { MEASURES, type Measure, readReading } from './read-reading.ts'

/** More places than these share one name: a state is bounded. */
const MOST_PLACES = 200
const ELSEWHERE = 'elsewhere'

/** In hundredths, so that the order of adding makes no difference. */
type Extent = { readonly count: number; readonly sum: number; readonly min: number; readonly max: number }
type Day = { readonly readings: number } & { readonly [measure in Measure]: Extent | null }
type PlaceState = {
  readonly location: string
  readonly readings: number
  readonly date: string
  readonly day: Day
}
export type AggregatesState = { readonly readings: number; readonly places: readonly PlaceState[] }

type Range = { readonly min: number; readonly max: number; readonly average: number | null }
export type Aggregates = {
  readonly readings: number
  readonly places: readonly {
    readonly location: string
    readonly readings: number
    /** Of the current day, UTC. */
    readonly today: { readonly readings: number } & { readonly [measure in Measure]: Range | null }
  }[]
}

const EMPTY_DAY: Day = { readings: 0, temperature: null, humidity: null }

function apply(state: AggregatesState, input: FoldInput): AggregatesState {
  const reading = readReading(input)
  if (reading === null) return state
  const values = MEASURES.map((measure) => {
    const value = reading[measure]
    const whole = value === undefined ? null : hundredths(value)
    return [measure, whole === null ? null : { count: 1, sum: whole, min: whole, max: whole }]
  })
  const date = dateOf(reading.time)
  const day = { readings: 1, ...Object.fromEntries(values) } as Day
  const place = { location: reading.location ?? ELSEWHERE, readings: 1, date, day }
  return merge(state, { readings: 1, places: [place] })
}

function merge(left: AggregatesState, right: AggregatesState): AggregatesState {
  let places = left.places
  for (const place of right.places) {
    const isNew = !places.some(({ location }) => location === place.location)
    const location = isNew && places.length >= MOST_PLACES ? ELSEWHERE : place.location
    const known = places.find((one) => one.location === location)
    const next = known ? joinPlaces(known, place) : { ...place, location }
    places = known ? places.map((one) => (one === known ? next : one)) : [...places, next]
  }
  return { ...left, readings: left.readings + right.readings, places }
}

function joinPlaces(left: PlaceState, right: PlaceState): PlaceState {
  const newer = right.date > left.date ? right : left
  const day = left.date === right.date ? joinDays(left.day, right.day) : newer.day
  return { ...left, readings: left.readings + right.readings, date: newer.date, day }
}

function joinDays(left: Day, right: Day): Day {
  return {
    readings: left.readings + right.readings,
    temperature: joinExtents(left.temperature, right.temperature),
    humidity: joinExtents(left.humidity, right.humidity),
  }
}

function joinExtents(left: Extent | null, right: Extent | null): Extent | null {
  if (left === null || right === null) return left ?? right
  return {
    count: left.count + right.count,
    sum: left.sum + right.sum,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
  }
}

function present({ readings, places }: AggregatesState, now: number): Aggregates {
  const today = dateOf(now)
  const sorted = [...places].sort((a, b) => (a.location < b.location ? -1 : 1))
  return {
    readings,
    places: sorted.map(({ location, readings: total, date, day }) => {
      const { temperature, humidity, readings: ofToday } = date === today ? day : EMPTY_DAY
      const ranges = { temperature: presentExtent(temperature), humidity: presentExtent(humidity) }
      return { location, readings: total, today: { readings: ofToday, ...ranges } }
    }),
  }
}

function presentExtent(extent: Extent | null): Range | null {
  if (extent === null) return null
  const { count, sum, min, max } = extent
  return { min: min / 100, max: max / 100, average: mean(count, sum) }
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Totals of all sensors, place by place. */
export const aggregatesView = defineView<AggregatesState>({
  description: 'Readings of each place: how many, and least, greatest and mean of today (UTC).',
  lateEvents:
    'A day is that of the event time. A reading of an earlier day than the newest of its place counts in the total alone.',
  channels: ['sensor.reading.**'],
  initial: () => ({ readings: 0, places: [] }),
  apply,
  merge,
  present,
})
