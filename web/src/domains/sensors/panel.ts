import { recentAlertsView, type SensorAlert } from '#shared/domain/sensors/sensors-views.ts'
import { useView } from '#web/live/use-view.tsx'
import { instantOf } from '#web/ui/data/format.ts'
import type { Panel, PanelBadge } from '#web/ui/layout/panel.ts'
import { useNow } from '#web/ui/state/use-now.ts'

/** Of the sensors' views only this one: it is part of the first load, and changes rarely. */
const alertViews = { name: 'sensors', views: { 'recent-alerts': recentAlertsView } } as const

/** The number of active alerts. */
function useSensorBadge(): PanelBadge | null {
  const { state } = useView(alertViews, 'recent-alerts')
  const count = activeAlerts(state?.alerts ?? [], useNow()).length
  return { count, label: count === 1 ? 'active sensor alert' : 'active sensor alerts', tone: 'bad' }
}

/** The sensors with their readings and alerts. */
export const sensorsPanel: Panel = {
  name: 'sensors',
  title: 'Sensors',
  short: 'Sensors',
  icon: 'sensor',
  group: 'domains',
  key: 's',
  pages: [{ path: '', load: () => import('./sensors-page.tsx').then(({ SensorsPage }) => SensorsPage) }],
  useBadge: useSensorBadge,
  commands: [{ title: 'Show sensors that need attention', to: '/sensors?show=attention' }],
}

/** An active alert is repeated every 5 minutes. One that was not repeated for 10 is resolved, or its sensor is silent. */
const ACTIVE_MS = 600_000

/** Returns the alerts without a later recovery, one for each sensor and limit. `alerts` are newest first, `now` is in epoch milliseconds. */
export function activeAlerts(alerts: readonly SensorAlert[], now: number): SensorAlert[] {
  const latest = new Map<string, SensorAlert>()
  for (const alert of alerts) {
    const what = `${alert.sensorId} ${alert.limit}`
    if (!latest.has(what)) latest.set(what, alert)
  }
  return [...latest.values()].filter(
    ({ kind, time }) => kind === 'alert' && now - instantOf(time) < ACTIVE_MS,
  )
}
