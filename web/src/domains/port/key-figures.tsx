import { memo } from 'react'
import { portViews } from '#shared/domain/port/port-views.ts'
import { NO_STATISTICS } from '#shared/domain/port/statistics.ts'
import { presentStatistics } from '#shared/domain/port/statistics-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { useView } from '#web/live/use-view.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { useNow } from '#web/ui/state/use-now.ts'
import type { StreamMeter } from './stream-meter.ts'
import { unreadBy } from './unread-by.ts'
import { useStill } from './use-still.ts'
import './key-figures.css'

type Props = { readonly meter: StreamMeter; readonly isStill: boolean }

/** The numbers that one looks at in passing. */
export const KeyFigures = memo(function KeyFigures({ meter, isStill }: Props) {
  const { name } = useAccess()
  const { state, status } = useStill(useView(portViews, 'statistics'), isStill)
  const now = useStill(useNow(), isStill)
  // Where nothing has happened there is no state: that is a zero, not a gap.
  const counted = state ?? (status === 'live' ? NO_STATISTICS : null)
  const statistics = counted && presentStatistics(counted, now)
  const { perSecond, whole } = meter.metrics(now)
  const figures = [
    ['Total', statistics?.total],
    ['Critical', statistics?.critical, 'critical'],
    ['Today', statistics?.today],
    ['Unread', statistics && unreadBy(statistics, name)],
    ['Open', statistics?.open],
    ['Events/s', perSecond],
    ['Latency p95', whole && `${formatNumber(Math.round(whole.p95))} ms`],
  ] as const
  return (
    <dl className="figures">
      {figures.map(([label, value, tone]) => (
        <div key={label} className={value ? tone && `figure-${tone}` : undefined}>
          <dt>{label}</dt>
          <dd>
            {value === null || value === undefined
              ? '–'
              : typeof value === 'number'
                ? formatNumber(value)
                : value}
          </dd>
        </div>
      ))}
    </dl>
  )
})
