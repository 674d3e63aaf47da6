import type { ErasedEvent } from '#shared/core/erasure.ts'
import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import {
  addReading,
  average,
  type Bucket,
  channelsOfSensor,
  joinBuckets,
  MEASURES,
  type Measure,
  type Reading,
  readReading,
} from './readings.ts'

const SECOND_MS = 1000
const WINDOW_SECONDS = 300
const SLOT_MS = 300_000
const DAY_SLOTS = 288

type Values = { readonly [measure in Measure]: number | null }

/** The state of one sensor. Times in milliseconds since 1970. */
export type SensorState = {
  readonly sensorId: string
  readonly location: string | null
  /** The time of the newest reading; null before the first. */
  readonly latest: number | null
  /** The last value of each measure. */
  readonly last: Values
  /** The offsets of the readings with these values. */
  readonly lastFrom?: { readonly [measure in Measure]?: number }
  /** One bucket for each second of the last 5 minutes, and for each 5 minutes of the last 24 hours. */
  readonly window: readonly Bucket[]
  readonly day: readonly Bucket[]
  readonly conditions: Conditions
  readonly readings: number
  /** How many readings came too late for the window. */
  readonly late: number
}

/** What readers receive of a sensor. Times in RFC 3339, values in degrees Celsius and per cent. */
export type SensorReport = {
  readonly sensorId: string
  readonly location: string | null
  readonly status: SensorStatus
  readonly last: Values & { readonly time: string | null }
  /** The averages of the 5 minutes before the last reading. */
  readonly average: Values
  /** Averages of 5 minutes each, oldest first: `time` is their beginning. */
  readonly day: readonly (Values & { readonly time: string })[]
  readonly readings: number
  readonly late: number
}

const NOTHING: Values = { temperature: null, humidity: null }

function initial(sensorId: string): SensorState {
  return {
    sensorId,
    location: null,
    latest: null,
    last: NOTHING,
    lastFrom: {},
    window: [],
    day: [],
    conditions: {},
    readings: 0,
    late: 0,
  }
}

function apply(state: SensorState, input: FoldInput): SensorState {
  const reading = readReading(input)
  if (reading === null) return state
  const window = addReading(state.window, Math.floor(reading.time / SECOND_MS), reading, WINDOW_SECONDS)
  const counted = {
    ...state,
    window,
    day: addReading(state.day, Math.floor(reading.time / SLOT_MS), reading, DAY_SLOTS),
    readings: state.readings + 1,
    late: state.late + (window === state.window ? 1 : 0),
  }
  return state.latest === null || reading.time >= state.latest
    ? moveOn(counted, reading, input.offset)
    : counted
}

/** Updates what only the newest reading changes. */
function moveOn(state: SensorState, reading: Reading, offset: number): SensorState {
  const { time, location, temperature, humidity } = reading
  return {
    ...state,
    latest: time,
    location: location ?? state.location,
    last: { temperature: temperature ?? state.last.temperature, humidity: humidity ?? state.last.humidity },
    lastFrom: {
      ...state.lastFrom,
      ...(temperature !== undefined && { temperature: offset }),
      ...(humidity !== undefined && { humidity: offset }),
    },
    conditions: judge(state.conditions, reading, time),
  }
}

/** Returns the state without the last values if they are those of an erased reading. */
function forget(state: SensorState, { offset }: ErasedEvent): SensorState {
  const { last, lastFrom = {} } = state
  const measures = MEASURES.filter((measure) => last[measure] !== null && lastFrom[measure] === offset)
  if (measures.length === 0) return state
  return { ...state, last: { ...last, ...Object.fromEntries(measures.map((measure) => [measure, null])) } }
}

function merge(left: SensorState, right: SensorState): SensorState {
  const newer = (left.latest ?? -Infinity) > (right.latest ?? -Infinity) ? left : right
  const newest = newer.latest ?? 0
  return {
    ...newer,
    window: joinBuckets(left.window, right.window, Math.floor(newest / SECOND_MS) - WINDOW_SECONDS),
    day: joinBuckets(left.day, right.day, Math.floor(newest / SLOT_MS) - DAY_SLOTS),
    readings: left.readings + right.readings,
    late: left.late + right.late,
  }
}

function present(state: SensorState): SensorReport {
  const { sensorId, location, latest, last, window, day, conditions, readings, late } = state
  return {
    sensorId,
    location,
    status: statusOf(conditions),
    readings,
    late,
    last: { time: latest === null ? null : new Date(latest).toISOString(), ...last },
    average: average(window),
    day: day.map((slot) => ({ time: new Date(slot[0] * SLOT_MS).toISOString(), ...average([slot]) })),
  }
}

/** The state of each sensor, and the alerts that its readings cause. */
export const sensorView = defineView<SensorState>({
  description:
    'Each sensor: last reading, status, rolling 5-minute averages, and averages of the last 24 hours.',
  lateEvents:
    'By event time, in whole seconds. The window is the 5 minutes up to the newest reading: a late reading within it counts; an older one is counted as late and only enters the averages of its day. Status and alerts depend on the newest reading only.',
  channels: ['sensor.reading.**'],
  channelsOf: channelsOfSensor,
  keys: (input) => {
    const reading = readReading(input)
    return reading === null ? [] : [reading.sensorId]
  },
  initial,
  apply,
  merge,
  erasing: {
    rule: 'The last values are removed if they are those of the event; averages, counts, the status and the place of the sensor stay.',
    forget,
  },
  emit: (before, _input, { sensorId, location, last, conditions }) =>
    alertChanges(before.conditions, conditions, { sensorId, location, values: last }),
  present,
})

/** A measure above its limit raises an alert. */
export const LIMITS = { temperature: 35, humidity: 90 } as const
/** While a condition lasts, the alert is repeated after this interval of event time. */
const REMIND_MS = 300_000

const UNITS = { temperature: '°C', humidity: '%' } as const

/**
 * Since when a measure is above its limit, and when the last alert of it was raised (`told`); in milliseconds since
 * 1970.
 */
type Condition = { readonly since: number; readonly told: number }
type Conditions = { readonly [measure in Measure]?: Condition }
export type SensorStatus = 'ok' | 'hot' | 'damp' | 'hot and damp'

/** Returns the conditions after newer values. A measure without a value keeps its condition. */
function judge(
  conditions: Conditions,
  values: { readonly [measure in Measure]?: number },
  time: number,
): Conditions {
  const next: { [measure in Measure]?: Condition } = {}
  for (const measure of MEASURES) {
    const known = conditions[measure]
    const value = values[measure]
    if (value === undefined && known) next[measure] = known
    if (value === undefined || value <= LIMITS[measure]) continue
    const isDue = known === undefined || time - known.told >= REMIND_MS
    next[measure] = isDue ? { since: known?.since ?? time, told: time } : known
  }
  return next
}

function statusOf({ temperature, humidity }: Conditions): SensorStatus {
  if (temperature) return humidity ? 'hot and damp' : 'hot'
  return humidity ? 'damp' : 'ok'
}

type Moment = {
  readonly sensorId: string
  readonly location: string | null
  readonly values: { readonly [measure in Measure]: number | null }
}

/** Returns the alerts and recoveries that a reading causes: at most one for each measure. */
function alertChanges(before: Conditions, after: Conditions, moment: Moment): Emission[] {
  return MEASURES.flatMap((measure) => {
    const [was, is] = [before[measure], after[measure]]
    if (is && is.told !== was?.told) return [describe('sensor.alert', measure, is.since, moment)]
    if (was && !is) return [describe('sensor.recovered', measure, was.since, moment)]
    return []
  })
}

function describe(type: string, measure: Measure, since: number, moment: Moment): Emission {
  const { sensorId, location, values } = moment
  const back = type === 'sensor.recovered' ? 'back to ' : ''
  const side = type === 'sensor.recovered' ? 'at most' : 'above'
  return {
    type,
    subject: sensorId,
    partitionkey: sensorId,
    data: {
      sensorId,
      ...(location !== null && { location }),
      reason: `${measure} ${back}${side} ${LIMITS[measure]} ${UNITS[measure]}`,
      measure,
      value: values[measure],
      limit: LIMITS[measure],
      since: new Date(since).toISOString(),
      ...(values.temperature !== null && { temperature: values.temperature }),
      ...(values.humidity !== null && { humidity: values.humidity }),
    },
  }
}
