import { useEffect, useRef, useState } from 'react'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { ViewBody } from '#web/live/use-view.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { askForNotifications } from '#web/ui/overlay/notifications.ts'
import { useSetting } from '#web/ui/state/settings.ts'

import { useMarketAddress } from '../market-address.ts'
import { AlertForm } from './alert-form.tsx'
import { AlertTable } from './alert-table.tsx'
import { type Alerts, markSeen, useAlerts } from './use-alerts.ts'
import './alerts-tab.css'

/** The reader's own alerts, and a form for a new one. */
export function AlertsTab() {
  const view = useAlerts()
  const fresh = useFreshAlerts(view)
  const { search, change } = useMarketAddress()
  const kept = view.alerts.filter(({ status }) => status !== 'deleted').toReversed()
  const shown = kept.filter(({ status }) => !search.show || status === search.show)
  return (
    <div className="market-side">
      <div className="market-column">
        <AlertForm />
        <NotificationCard />
      </div>
      <Card
        title="My alerts"
        aside={
          <>
            {view.news.length > 0 && (
              <Button small icon="check" onClick={() => markSeen(view.alerts)}>
                Mark {view.news.length} as seen
              </Button>
            )}
            <FreshnessBadge updatedAt={view.updatedAt} />
          </>
        }
      >
        <ViewBody what="your alerts" of={[view]}>
          {kept.length === 0 ? (
            <StateMessage
              kind="empty"
              title="No alerts"
              detail="Create one, and you are notified once when it happens."
            />
          ) : (
            <AlertTable
              alerts={shown}
              fresh={fresh}
              filter={search.show ?? ''}
              onFilter={(show) => change({ show })}
            />
          )}
        </ViewBody>
      </Card>
    </div>
  )
}

/**
 * The ids of the alerts that were news at any time while this page was open, as long as the view has them. They stay
 * marked when they are seen.
 */
function useFreshAlerts({ news, alerts }: Alerts): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const ids = news.map(({ alertId }) => alertId).join('\n')
  const kept = useRef(alerts)
  kept.current = alerts
  useEffect(() => {
    if (ids === '') return
    const known = new Set(kept.current.map(({ alertId }) => alertId))
    setFresh((before) => new Set([...before, ...ids.split('\n')].filter((id) => known.has(id))))
  }, [ids])
  return fresh
}

/** A browser asks for the permission only on a click. */
function NotificationCard() {
  const isOn = useSetting('notifications')
  return (
    <Card title="Notifications" className="unprinted">
      <p className="market-note">
        {isOn
          ? 'This browser notifies you of an alert while you look at something else.'
          : 'Your browser can notify you of an alert while you look at something else.'}
      </p>
      <Button className="alert-switch" small icon="bell" onClick={() => void askForNotifications(!isOn)}>
        {isOn ? 'Turn notifications off' : 'Turn notifications on'}
      </Button>
    </Card>
  )
}
