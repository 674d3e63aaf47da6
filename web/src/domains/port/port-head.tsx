import { memo, useState } from 'react'
import { portViews } from '#shared/domain/port/port-views.ts'
import { NO_STATISTICS, presentStatistics } from '#shared/domain/port/statistics-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { ApiError, useApi } from '#web/live/api.ts'
import { useConnection } from '#web/live/freshness.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { useView } from '#web/live/use-view.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Button } from '#web/ui/form/button.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { changeSettings } from '#web/ui/state/settings.ts'
import { useMedia } from '#web/ui/state/use-media.ts'
import { useNow } from '#web/ui/state/use-now.ts'
import { CREATING } from './create/creating.ts'
import { exportCsv } from './export-csv.ts'
import { type FeedFilters, toExportQuery } from './feed/feed-filters.ts'
import { unreadBy } from './statistics/unread-by.ts'
import type { StreamMeter } from './stream/stream-meter.ts'
import { useStill } from './use-still.ts'

type Props = {
  readonly filters: FeedFilters
  readonly meter: StreamMeter
  readonly isStill: boolean
  readonly onCreate: () => void
}

/** The head of the page: the key figures, and the actions for the whole page. */
export function PortHead({ filters, meter, isStill, onCreate }: Props) {
  const { refusal } = useConnection()
  const problem = rightProblem(useAccess(), CREATING)
  return (
    <header className="port-head">
      <h1>Port operations</h1>
      <KeyFigures meter={meter} isStill={isStill} />
      <div className="port-actions">
        <label className="port-switch">
          <input
            type="checkbox"
            checked={!isStill}
            onChange={({ target }) => changeSettings({ autoRefresh: target.checked })}
          />
          Auto-refresh
        </label>
        <ExportButton filters={filters} />
        {problem === null && (
          <Button look="primary" icon="plus" refused={refusal} onClick={onCreate}>
            <Words long="Create event" short="Create" />
          </Button>
        )}
      </div>
    </header>
  )
}

/** A shorter label on narrow screens. */
function Words({ long, short }: { long: string; short: string }) {
  return useMedia('(max-width: 560px)') ? short : long
}

function ExportButton({ filters }: { filters: FeedFilters }) {
  const api = useApi()
  const [isBusy, setBusy] = useState(false)
  async function run() {
    setBusy(true)
    try {
      const { isCut } = await exportCsv(api, toExportQuery(filters, Date.now()), 'port-events.csv')
      showToast({
        tone: 'good',
        title: 'The events were exported',
        detail: [
          isCut && 'The file ends before the oldest event: narrow the filter for the rest.',
          filters.isUnread && 'It also has what you have read: the server does not filter by that.',
        ]
          .filter(Boolean)
          .join(' '),
      })
    } catch (error) {
      showToast({
        tone: 'bad',
        title: 'The export failed',
        detail: error instanceof ApiError ? error.message : String(error),
      })
    }
    setBusy(false)
  }
  return (
    <Button icon="download" disabled={isBusy} onClick={() => void run()}>
      {isBusy ? 'Exporting…' : <Words long="Export CSV" short="CSV" />}
    </Button>
  )
}

type FiguresProps = { readonly meter: StreamMeter; readonly isStill: boolean }

/** The key figures. */
const KeyFigures = memo(function KeyFigures({ meter, isStill }: FiguresProps) {
  const { name } = useAccess()
  const { state, status } = useStill(useView(portViews, 'statistics'), isStill)
  const now = useStill(useNow(), isStill)
  // Before the first event there is no state: that is a zero, not a gap.
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
