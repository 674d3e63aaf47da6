import { recentAlertsView } from '#shared/domain/sensors/recent-alerts-view.ts'
import { useView } from '#web/live/use-view.tsx'
import type { Panel, PanelBadge } from '#web/ui/layout/panel.ts'
import { useNow } from '#web/ui/state/use-now.ts'
import { lastingConditions } from './lasting-conditions.ts'

/** Of the sensors' views only this one: it is part of the first load of the app, and changes rarely. */
const alertViews = { name: 'sensors', views: { 'recent-alerts': recentAlertsView } } as const

/** How many conditions last that need a look. */
function useSensorBadge(): PanelBadge | null {
  const { state } = useView(alertViews, 'recent-alerts')
  const count = lastingConditions(state?.alerts ?? [], useNow()).length
  return { count, label: count === 1 ? 'sensor alert lasts' : 'sensor alerts last', tone: 'bad' }
}

/** What is measured, where, and what is wrong. */
export const sensorsPanel: Panel = {
  ...{ name: 'sensors', title: 'Sensors', short: 'Sensors', icon: 'sensor', group: 'domains', key: 's' },
  pages: [{ path: '', load: () => import('./sensors-page.tsx').then(({ SensorsPage }) => SensorsPage) }],
  useBadge: useSensorBadge,
  commands: [{ title: 'Show sensors that need a look', to: '/sensors?show=attention' }],
}
