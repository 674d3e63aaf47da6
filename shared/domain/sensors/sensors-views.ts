import { toUtc } from '#shared/core/time.ts'
import { cutText } from '#shared/domain/cut-text.ts'
import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { hundredths, isRecord, MEASURES, type Measure, mean, readReading } from './readings.ts'
import { sensorView } from './sensor-view.ts'

/** Further places share the name `elsewhere`, so that a state is bounded. */
const MOST_PLACES = 200
const ELSEWHERE = 'elsewhere'

/** Values in hundredths: sums of whole numbers do not depend on the order of adding. */
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

function countReading(state: AggregatesState, input: FoldInput): AggregatesState {
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
  return mergePlaces(state, { readings: 1, places: [place] })
}

function mergePlaces(left: AggregatesState, right: AggregatesState): AggregatesState {
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

function presentPlaces({ readings, places }: AggregatesState, now: number): Aggregates {
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

/** Totals of all sensors by place. */
export const aggregatesView = defineView<AggregatesState>({
  description:
    'The readings of each place: their number, and the minimum, maximum and average of today (UTC).',
  lateEvents:
    'A day is that of the event time. A reading of an earlier day than the newest of its place counts only in the total.',
  channels: ['sensor.reading.**'],
  initial: () => ({ readings: 0, places: [] }),
  apply: countReading,
  merge: mergePlaces,
  present: presentPlaces,
  erasing: { rule: 'It keeps counts, sums and extremes of each place, and the names of places.' },
})

const KEPT = 100
/** The longest text of an alert that is kept, in bytes: 100 alerts stay far below the 100 KB of a state. */
const TEXT_BYTES = 128

/** An alert or a recovery. `time` is RFC 3339; `value` is the measured value, if the alert has one. */
export type SensorAlert = {
  readonly id: string
  readonly kind: 'alert' | 'recovered'
  readonly sensorId: string | null
  readonly location: string | null
  readonly reason: string | null
  readonly time: string
} & { readonly [value in Measure | 'value' | 'limit']?: number }
export type RecentAlerts = { readonly alerts: readonly SensorAlert[] }

const KINDS: Readonly<Record<string, SensorAlert['kind']>> = {
  'sensor.alert': 'alert',
  'sensor.recovered': 'recovered',
}

function readAlert({ event }: FoldInput): SensorAlert | null {
  const kind = Object.hasOwn(KINDS, event.type) ? KINDS[event.type] : undefined
  const time = toUtc(event.time)
  if (kind === undefined || time === null) return null
  const data = isRecord(event.data) ? event.data : {}
  const numbers = [...MEASURES, 'value', 'limit'].filter((name) => Number.isFinite(data[name]))
  return {
    id: cutText(event.id, TEXT_BYTES),
    kind,
    sensorId: textOf(data.sensorId ?? event.subject),
    location: textOf(data.location),
    reason: textOf(data.reason),
    time,
    ...Object.fromEntries(numbers.map((name) => [name, data[name]])),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? cutText(value, TEXT_BYTES) : null
}

/** Newest first, and by id if times are equal, so that the list does not depend on the order of adding. */
function byTime(one: SensorAlert, two: SensorAlert): number {
  if (one.time !== two.time) return one.time > two.time ? -1 : 1
  return one.id < two.id ? -1 : Number(one.id > two.id)
}

function mergeAlerts(left: RecentAlerts, right: RecentAlerts): RecentAlerts {
  return { ...left, alerts: [...left.alerts, ...right.alerts].sort(byTime).slice(0, KEPT) }
}

/** The last alerts and recoveries of all sensors. */
export const recentAlertsView = defineView<RecentAlerts>({
  description: 'The last 100 alerts and recoveries, newest first.',
  lateEvents: 'Sorted by event time: a late alert is inserted by its time, or dropped if 100 are newer.',
  channels: ['sensor.alert.**', 'sensor.recovered.**'],
  initial: () => ({ alerts: [] }),
  apply: (state, input) => {
    const alert = readAlert(input)
    if (alert === null) return state
    const next = mergeAlerts(state, { alerts: [alert] })
    return next.alerts.includes(alert) ? next : state
  },
  merge: mergeAlerts,
  erasing: {
    rule: 'The alert is removed.',
    forget: (state, erased) => {
      const alerts = state.alerts.filter(({ id }) => id !== cutText(erased.id, TEXT_BYTES))
      return alerts.length < state.alerts.length ? { alerts } : state
    },
  },
})

/** The views of the domain without its schemas, so that a browser does not load the schema library. */
export const sensorsViews = {
  name: 'sensors',
  views: { sensors: sensorView, aggregates: aggregatesView, 'recent-alerts': recentAlertsView },
} as const
