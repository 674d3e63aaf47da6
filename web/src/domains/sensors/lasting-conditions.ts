import type { SensorAlert } from '#shared/domain/sensors/recent-alerts-view.ts'

/** A condition that lasts is told again every 5 minutes; what was not told for longer is over, or its sensor is silent. */
const LASTS_MS = 600_000

/** The alerts, newest first, without a recovery since: of each sensor and limit one. `now` in milliseconds since 1970. */
export function lastingConditions(alerts: readonly SensorAlert[], now: number): SensorAlert[] {
  const latest = new Map<string, SensorAlert>()
  for (const alert of alerts) {
    const what = `${alert.sensorId} ${alert.limit}`
    if (!latest.has(what)) latest.set(what, alert)
  }
  return [...latest.values()].filter(
    ({ kind, time }) => kind === 'alert' && now - Date.parse(time) < LASTS_MS,
  )
}
