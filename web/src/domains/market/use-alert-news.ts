import { useEffect, useRef } from 'react'
import type { AlertRecord } from '#shared/domain/market/user-alerts-view.ts'
import type { PanelBadge } from '#web/ui/layout/panel.ts'
import { notify } from '#web/ui/overlay/notifications.ts'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { sayCondition, sayTrigger } from './check-alert.ts'
import { useAlerts } from './use-alerts.ts'

/** How many alerts were triggered unseen. It also tells of each one when it happens, on whatever page the reader is. */
export function useAlertNews(): PanelBadge | null {
  const { alerts, news } = useAlerts()
  const waiting = useRef<ReadonlySet<string>>(new Set())
  useEffect(() => {
    for (const alert of alerts)
      if (alert.status === 'triggered' && waiting.current.has(alert.alertId)) tell(alert)
    const active = alerts.filter(({ status }) => status === 'active')
    waiting.current = new Set(active.map(({ alertId }) => alertId))
  }, [alerts])
  return news.length === 0
    ? null
    : { count: news.length, label: news.length === 1 ? 'new alert' : 'new alerts', tone: 'accent' }
}

function tell(alert: AlertRecord): void {
  const words = `Your alert: ${sayCondition(alert).toLowerCase()}.`
  showToast({ tone: 'plain', title: sayTrigger(alert), detail: words })
  notify(sayTrigger(alert), words, alert.alertId)
}
