import { channelSegment } from '#shared/core/channel.ts'
import type { FoldInput } from '#shared/domain/define-domain.ts'
import { locationOf } from './places.ts'

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
export function readMeasures(
  data: Readonly<Record<string, unknown>>,
): { [measure in Measure]?: number } | null {
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

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= NAME_LENGTH
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
