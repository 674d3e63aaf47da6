import { memo } from 'react'
import { portViews } from '#shared/domain/port/port-views.ts'
import {
  type PresentedStatistics,
  presentStatistics,
  type Statistics,
} from '#shared/domain/port/statistics-view.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { ShareBars } from '#web/ui/data/share-bars.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { DAY_MS, useNowBy } from '#web/ui/state/use-now.ts'
import { STATUS_LABELS } from '../case/status-badge.tsx'
import { sayCategory } from '../feed/feed-filters.ts'
import { useStill } from '../use-still.ts'
import './statistics-panel.css'

/** How the events of the port are distributed. */
export const StatisticsPanel = memo(function StatisticsPanel({ isStill }: { isStill: boolean }) {
  const view = useStill(useView(portViews, 'statistics'), isStill)
  const today = useStill(useNowBy(DAY_MS), isStill)
  return (
    <Card title="Statistics" aside={<FreshnessBadge updatedAt={view.updatedAt} paused={isStill} />}>
      <ViewBody what="the statistics" of={[view]} lines={10}>
        <StatisticsBody state={view.state} now={today} />
      </ViewBody>
    </Card>
  )
})

type BodyProps = {
  readonly state: Statistics | null
  /** Decides what today is, in epoch milliseconds. */
  readonly now: number
}

/** The distributions, or a message that there is nothing to count. */
export function StatisticsBody({ state, now }: BodyProps) {
  if (state && state.total > 0) return <Distributions statistics={presentStatistics(state, now)} />
  return (
    <StateMessage
      kind="empty"
      title="Nothing to count yet"
      detail="How events are spread over categories, severities and days appears here with the first one."
    />
  )
}

function Distributions({ statistics }: { statistics: PresentedStatistics }) {
  const { categories, severities, statuses, days } = statistics
  return (
    <div className="distributions">
      <ShareBars
        caption="By category"
        rows={categories.map((share) => ({ ...share, label: sayCategory(share.name) }))}
      />
      <ShareBars
        caption="By severity"
        rows={severities.map((share) => ({ ...share, label: share.name, tone: share.name }))}
      />
      <ShareBars
        caption="By status"
        rows={statuses.map((share) => ({
          ...share,
          label: STATUS_LABELS[share.name as keyof typeof STATUS_LABELS] ?? share.name,
        }))}
      />
      <Days days={days} />
    </div>
  )
}

function Days({ days }: Pick<PresentedStatistics, 'days'>) {
  const max = Math.max(1, ...days.map(({ count }) => count))
  const total = days.reduce((sum, { count }) => sum + count, 0)
  return (
    <figure className="days">
      <figcaption>{`Per day (UTC), the last ${days.length} days`}</figcaption>
      <div
        className="days-columns"
        role="img"
        aria-label={`${total} events in ${days.length} days, ${max} maximum in a day, ${days.at(-1)?.count ?? 0} today`}
      >
        {days.map(({ day, count }) => (
          <span key={day} title={`${day}: ${count}`} style={{ height: `${(count / max) * 100}%` }} />
        ))}
      </div>
    </figure>
  )
}
