import { lazy, Suspense, useCallback, useEffect, useMemo } from 'react'
import { Tabs } from '#web/ui/layout/tabs.tsx'
import { notify } from '#web/ui/overlay/notifications.ts'
import { useSetting } from '#web/ui/state/settings.ts'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import { useMedia } from '#web/ui/state/use-media.ts'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { BerthsPanel } from './berths/berths-panel.tsx'
import { useMoves } from './case/moves.ts'
import { type FeedFilters, fromSearch, toSearch } from './feed/feed-filters.ts'
import { FeedPanel } from './feed/feed-panel.tsx'
import { type FeedRow, findCritical } from './feed/feed-row.ts'
import { usePortFeed } from './feed/use-feed.ts'
import { PortHead } from './port-head.tsx'
import { StatisticsPanel } from './statistics/statistics-panel.tsx'
import { StreamPanel } from './stream/stream-panel.tsx'
import './port-page.css'

const CreateEventDialog = lazy(() =>
  import('./create/create-event-dialog.tsx').then(({ CreateEventDialog: component }) => ({
    default: component,
  })),
)
const DetailDrawer = lazy(() =>
  import('./case/detail-drawer.tsx').then(({ DetailDrawer: component }) => ({ default: component })),
)
const DetailCard = lazy(() =>
  import('./case/detail-drawer.tsx').then(({ DetailCard: component }) => ({ default: component })),
)

const SIDE_TABS = [
  { value: 'statistics', label: 'Statistics' },
  { value: 'berths', label: 'Berths' },
  { value: 'stream', label: 'Stream' },
]
const ALL_TABS = [{ value: 'feed', label: 'Feed' }, ...SIDE_TABS]

/** Port operations: the live feed, and beside it the statistics, the berths, the stream, or the open event. */
export function PortPage() {
  const [search, change] = useSearchState()
  const { view = 'feed', event: openId = null, create } = search
  const filterKey = JSON.stringify(toSearch(fromSearch(search)))
  const filters = useMemo(() => fromSearch(JSON.parse(filterKey)), [filterKey])
  const isStill = !useSetting('autoRefresh')
  const isNarrow = useMedia('screen and (max-width: 1100px)')
  const feed = usePortFeed(notifyOfCritical)
  const makeMove = useMoves(feed.store)

  const setFilters = useCallback((next: FeedFilters) => change(toSearch(next)), [change])
  const openRow = useCallback((row: FeedRow | null) => change({ event: row?.name ?? '' }), [change])
  const close = useCallback(() => change({ event: '' }), [change])
  useShortcut({ keys: 'e', label: 'Create an event', group: 'Port' }, () => change({ create: '1' }))
  useShortcut({ keys: 'Escape', label: 'Close the event', group: 'Port', enabled: openId !== null }, close)
  useEffect(() => {
    document.title = 'Port operations · Tidewire'
  }, [])

  const feedPanel = (
    <FeedPanel
      feed={feed}
      filters={filters}
      openId={openId}
      makeMove={makeMove}
      isStill={isStill}
      onFilters={setFilters}
      onOpen={openRow}
    />
  )
  const side = <SidePanel view={view} feed={feed} isStill={isStill} />
  return (
    <div className="port">
      <PortHead
        filters={filters}
        meter={feed.meter}
        isStill={isStill}
        onCreate={() => change({ create: '1' })}
      />
      {isNarrow ? (
        <Tabs
          label="Port"
          tabs={ALL_TABS}
          value={view}
          onChange={(value) => change({ view: value === 'feed' ? '' : value })}
        >
          {view === 'feed' ? feedPanel : side}
        </Tabs>
      ) : (
        <div className="port-columns">
          {feedPanel}
          <aside className="port-side" aria-label="Details">
            {openId !== null ? (
              <Suspense>
                <DetailCard id={openId} store={feed.store} makeMove={makeMove} onClose={close} />
              </Suspense>
            ) : (
              <Tabs
                label="Beside the feed"
                tabs={SIDE_TABS}
                value={view === 'feed' ? 'statistics' : view}
                onChange={(value) => change({ view: value })}
              >
                {side}
              </Tabs>
            )}
          </aside>
        </div>
      )}
      <Suspense>
        {isNarrow && openId !== null && (
          <DetailDrawer id={openId} store={feed.store} makeMove={makeMove} onClose={close} />
        )}
        {create === '1' && <CreateEventDialog onClose={() => change({ create: '' })} />}
      </Suspense>
    </div>
  )
}

type SideProps = {
  readonly view: string
  readonly feed: ReturnType<typeof usePortFeed>
  readonly isStill: boolean
}

function SidePanel({ view, feed, isStill }: SideProps) {
  if (view === 'berths') return <BerthsPanel isStill={isStill} />
  if (view === 'stream') return <StreamPanel meter={feed.meter} isStill={isStill} />
  return <StatisticsPanel isStill={isStill} />
}

/** Notifies of the latest critical event while the page is in the background. */
function notifyOfCritical(rows: readonly FeedRow[]): void {
  const latest = findCritical(rows)
  if (!latest) return
  const { subject, type, data } = latest.positioned.event
  const { title } = (data ?? {}) as { readonly title?: unknown }
  notify(
    'Critical event in the port',
    typeof title === 'string' ? title : `${type} ${subject ?? ''}`,
    'port-critical',
  )
}
