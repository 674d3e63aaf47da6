import type { Emission } from '#shared/domain/define-domain.ts'
import { MEASURES, type Measure } from './read-reading.ts'

/** Above these a reading matters at once. */
export const LIMITS = { temperature: 35, humidity: 90 } as const
/** While a condition lasts, it is told again after so long, by the readings' times. */
const REMIND_MS = 300_000

const UNITS = { temperature: '°C', humidity: '%' } as const

/** Since when a measure is above its limit, and when that was last told; in milliseconds since 1970. */
type Condition = { readonly since: number; readonly told: number }
export type Conditions = { readonly [measure in Measure]?: Condition }
export type SensorStatus = 'ok' | 'hot' | 'damp' | 'hot and damp'

/** The conditions after newer values. A measure without a value stays as it was. */
export function judge(
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

export function statusOf({ temperature, humidity }: Conditions): SensorStatus {
  if (temperature) return humidity ? 'hot and damp' : 'hot'
  return humidity ? 'damp' : 'ok'
}

type Values = { readonly [measure in Measure]: number | null }
type Moment = { readonly sensorId: string; readonly location: string | null; readonly values: Values }

/** The alerts and recoveries that a reading brought about: one for each measure. */
export function tellChanges(before: Conditions, after: Conditions, moment: Moment): Emission[] {
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
