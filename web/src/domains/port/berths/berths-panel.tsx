import { memo } from 'react'
import type { Berth, BerthEntry } from '#shared/domain/port/berths-view.ts'
import { portViews } from '#shared/domain/port/port-views.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { Icon } from '#web/ui/data/icon.tsx'
import { Age, Time } from '#web/ui/data/times.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useStill } from '../use-still.ts'
import './berths-panel.css'

const byName = new Intl.Collator('en', { numeric: true })

/** Which berths are free, and which ship is at which. */
export const BerthsPanel = memo(function BerthsPanel({ isStill }: { isStill: boolean }) {
  const view = useStill(useView(portViews, 'berths'), isStill)
  const berths = [...view.states.values()].sort((a, b) => byName.compare(a.berth, b.berth))
  const free = berths.filter(({ status }) => status === 'free').length
  return (
    <Card title="Berths" aside={<FreshnessBadge updatedAt={view.updatedAt} paused={isStill} />}>
      <ViewBody what="the berths" of={[view]}>
        {berths.length === 0 ? (
          <StateMessage
            kind="empty"
            title="No berth is known yet"
            detail="A berth appears with the first ship that arrives at it."
          />
        ) : (
          <>
            <p className="berths-sum">{`${free} of ${berths.length} free`}</p>
            <ul className="berths">
              {berths.map((berth) => (
                <BerthItem key={berth.berth} berth={berth} />
              ))}
            </ul>
          </>
        )}
      </ViewBody>
    </Card>
  )
})

function BerthItem({ berth }: { berth: Berth }) {
  const { berth: name, status, ship, since, contender, history } = berth
  return (
    <li className={`berth berth-${status}`}>
      <div className="berth-line">
        <strong>{name}</strong>
        <Badge tone={status === 'free' ? 'good' : 'busy'}>{status === 'free' ? 'Free' : 'Occupied'}</Badge>
        {ship && (
          <span className="berth-ship">
            <Icon name="ship" size={16} /> {ship}
          </span>
        )}
        {since && (
          <small>
            <Age of={since} />
          </small>
        )}
      </div>
      {contender && (
        <p className="berth-contender">
          <Icon name="alert" size={16} /> {`Also given to ${contender}`}
        </p>
      )}
      <details>
        <summary>{`History of ${name}`}</summary>
        <ol className="berth-history">
          {history.toReversed().map((entry) => (
            <li key={entry.event + entry.what}>
              <Time value={entry.at} full /> {sayEntry(entry)}
            </li>
          ))}
        </ol>
      </details>
    </li>
  )
}

function sayEntry({ what, ship }: BerthEntry): string {
  return ship ? `${what}: ${ship}` : what
}
