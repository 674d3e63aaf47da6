import { useState } from 'react'
import { type SensorAlert, sensorsViews } from '#shared/domain/sensors/sensors-views.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { instantOf } from '#web/ui/data/format.ts'
import { Icon } from '#web/ui/data/icon.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

const SHOWN = 50
const KINDS = {
  alert: { word: 'Alert', tone: 'bad', icon: 'alert' },
  recovered: { word: 'Resolved', tone: 'good', icon: 'check' },
} as const

/** The last alerts and recoveries, newest first. New ones are highlighted. */
export function AlertFeed() {
  const view = useView(sensorsViews, 'recent-alerts')
  const [opened] = useState(() => Date.now())
  const alerts = view.state?.alerts ?? []
  return (
    <Card title="Alerts" aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <ViewBody what="the alerts" of={[view]}>
        {alerts.length === 0 ? (
          <StateMessage
            kind="empty"
            title="No alerts"
            detail="Sensors above 35 °C or 90 % humidity are listed here."
          />
        ) : (
          <AlertList alerts={alerts.slice(0, SHOWN)} newFrom={opened} />
        )}
      </ViewBody>
    </Card>
  )
}

type ListProps = {
  readonly alerts: readonly SensorAlert[]
  /** Alerts after this time are new, in epoch milliseconds. */
  readonly newFrom: number
}

/** Alerts as a list that can be scrolled with the keyboard. */
export function AlertList({ alerts, newFrom }: ListProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <ul className="feed-list" tabIndex={0} aria-label="Alerts, newest first">
      {alerts.map((alert) => (
        <AlertItem key={`${alert.id} ${alert.time}`} alert={alert} isNew={instantOf(alert.time) > newFrom} />
      ))}
    </ul>
  )
}

function AlertItem({ alert, isNew }: { alert: SensorAlert; isNew: boolean }) {
  const { kind, sensorId, location, reason, time } = alert
  const { word, tone, icon } = KINDS[kind]
  const place = [location, sensorId].filter((name) => name !== null).join(', ')
  return (
    <li className={isNew ? 'feed-item feed-new' : 'feed-item'}>
      <Badge tone={tone}>
        <Icon name={icon} size={14} />
        {word}
      </Badge>
      <div>
        <p className="feed-reason">{reason ?? (kind === 'alert' ? 'Needs attention' : 'Back to normal')}</p>
        <small>{place || 'A sensor without a name'}</small>
      </div>
      <Time value={time} />
    </li>
  )
}
