import { useEffect, useRef, useSyncExternalStore } from 'react'
import { type AlertRecord, type UserAlertsState, userAlertsView } from '#shared/domain/market/alert-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import type { PanelBadge } from '#web/ui/layout/panel.ts'
import { notify } from '#web/ui/overlay/notifications.ts'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { createStore, readStored, writeStored } from '#web/ui/state/store.ts'
import { sayCondition, sayTrigger } from './check-alert.ts'

/** Only this view of the market, because it is part of the app's first load. */
const alertViews = { name: 'market', views: { 'user-alerts': userAlertsView } } as const
const NONE: readonly AlertRecord[] = []

export type Alerts = LiveView<UserAlertsState> & {
  /** Oldest first. */
  readonly alerts: readonly AlertRecord[]
  /** Those that were triggered and not yet seen. */
  readonly news: readonly AlertRecord[]
}

/** Returns the alerts of the signed-in user, live. */
export function useAlerts(): Alerts {
  const view = useView(alertViews, 'user-alerts', useAccess().name)
  const { ids } = useSyncExternalStore(seenAlerts.subscribe, seenAlerts.get)
  const alerts = view.state?.alerts ?? NONE
  return { ...view, alerts, news: newlyTriggered(alerts, ids) }
}

/** The number of triggered alerts that were not yet seen. It also notifies of each one when it happens, on any page. */
export function useAlertNews(): PanelBadge | null {
  const { alerts, news } = useAlerts()
  const waiting = useRef<ReadonlySet<string>>(new Set())
  useEffect(() => {
    for (const alert of alerts)
      if (alert.status === 'triggered' && waiting.current.has(alert.alertId)) notifyOf(alert)
    const active = alerts.filter(({ status }) => status === 'active')
    waiting.current = new Set(active.map(({ alertId }) => alertId))
  }, [alerts])
  return news.length === 0
    ? null
    : { count: news.length, label: news.length === 1 ? 'new alert' : 'new alerts', tone: 'accent' }
}

function notifyOf(alert: AlertRecord): void {
  const words = `Your alert: ${sayCondition(alert).toLowerCase()}.`
  showToast({ tone: 'plain', title: sayTrigger(alert), detail: words })
  notify(sayTrigger(alert), words, alert.alertId)
}

const KEY = 'tidewire.market.seen-alerts'

type Seen = { readonly ids: readonly string[] }

/** The triggered alerts that were seen in this browser. */
export const seenAlerts = createStore<Seen>(readSeen(readStored(KEY)), writeSeen)

function readSeen(kept: unknown): Seen {
  return { ids: Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [] }
}

function writeSeen({ ids }: Seen): void {
  writeStored(KEY, ids)
}

/** Returns the triggered alerts that were not yet seen. */
export function newlyTriggered(alerts: readonly AlertRecord[], seen: readonly string[]): AlertRecord[] {
  return alerts.filter(({ status, alertId }) => status === 'triggered' && !seen.includes(alertId))
}

/** Marks all of these alerts as seen. Alerts that are no longer kept are forgotten, so that the list stays small. */
export function markSeen(alerts: readonly AlertRecord[]): void {
  const ids = alerts.filter(({ status }) => status === 'triggered').map(({ alertId }) => alertId)
  seenAlerts.set({ ids })
}
