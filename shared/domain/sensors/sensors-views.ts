import { aggregatesView } from './aggregates-view.ts'
import { recentAlertsView } from './recent-alerts-view.ts'
import { sensorView } from './sensor-view.ts'

/** The views of the domain without its schemas: what the web app folds with. */
export const sensorsViews = {
  name: 'sensors',
  views: { sensors: sensorView, aggregates: aggregatesView, 'recent-alerts': recentAlertsView },
} as const
