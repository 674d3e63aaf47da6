import { cutText } from '#shared/domain/cut-text.ts'
import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { isRecord, MEASURES, type Measure } from './read-reading.ts'

const KEPT = 100
/** Longest text of an alert that is kept, in bytes: 100 alerts stay far below the 100 KB of a state. */
const TEXT_BYTES = 128

/** An alert or a recovery. `time` in RFC 3339; `value` as it was measured, where the alert says so. */
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
  const time = Date.parse(event.time ?? '')
  if (kind === undefined || Number.isNaN(time)) return null
  const data = isRecord(event.data) ? event.data : {}
  const numbers = [...MEASURES, 'value', 'limit'].filter((name) => Number.isFinite(data[name]))
  return {
    id: cutText(event.id, TEXT_BYTES),
    kind,
    sensorId: textOf(data.sensorId ?? event.subject),
    location: textOf(data.location),
    reason: textOf(data.reason),
    time: new Date(time).toISOString(),
    ...Object.fromEntries(numbers.map((name) => [name, data[name]])),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? cutText(value, TEXT_BYTES) : null
}

/** Newest first; by id where times are equal, so that every order of adding gives the same list. */
function byTime(one: SensorAlert, two: SensorAlert): number {
  if (one.time !== two.time) return one.time > two.time ? -1 : 1
  return one.id < two.id ? -1 : Number(one.id > two.id)
}

function merge(left: RecentAlerts, right: RecentAlerts): RecentAlerts {
  return { ...left, alerts: [...left.alerts, ...right.alerts].sort(byTime).slice(0, KEPT) }
}

/** The last alerts and recoveries of all sensors. */
export const recentAlertsView = defineView<RecentAlerts>({
  description: 'The last 100 alerts and recoveries, newest first.',
  lateEvents: 'Sorted by event time: a late alert stands where it belongs, or nowhere when 100 are newer.',
  channels: ['sensor.alert.**', 'sensor.recovered.**'],
  initial: () => ({ alerts: [] }),
  apply: (state, input) => {
    const alert = readAlert(input)
    if (alert === null) return state
    const next = merge(state, { alerts: [alert] })
    return next.alerts.includes(alert) ? next : state
  },
  merge,
})
