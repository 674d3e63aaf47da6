import { useSyncExternalStore } from 'react'
import {
  type AlertRecord,
  type UserAlertsState,
  userAlertsView,
} from '#shared/domain/market/user-alerts-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.ts'
import { newlyTriggered, seenAlerts } from './seen-alerts.ts'

/** Of the market's views only this one: it is part of the first load of the app. */
const alertViews = { name: 'market', views: { 'user-alerts': userAlertsView } } as const
const NONE: readonly AlertRecord[] = []

export type Alerts = LiveView<UserAlertsState> & {
  /** Oldest first. */
  readonly alerts: readonly AlertRecord[]
  /** Those that were triggered, and not seen yet. */
  readonly news: readonly AlertRecord[]
}

/** The alerts of who is signed in, live. */
export function useAlerts(): Alerts {
  const view = useView(alertViews, 'user-alerts', useAccess().name)
  const { ids } = useSyncExternalStore(seenAlerts.subscribe, seenAlerts.get)
  const alerts = view.state?.alerts ?? NONE
  return { ...view, alerts, news: newlyTriggered(alerts, ids) }
}
