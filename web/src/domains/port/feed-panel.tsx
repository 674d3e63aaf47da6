import { useCallback, useEffect, useRef, useState } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge, useConnection } from '#web/live/freshness.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Button } from '#web/ui/form/button.tsx'
import { announce } from '#web/ui/overlay/announcer.tsx'
import type { FeedFilters } from './feed-filters.ts'
import { FeedGrid, PRINTED_ROWS } from './feed-grid.tsx'
import { FeedNotice } from './feed-notice.tsx'
import type { FeedRow } from './feed-row.ts'
import { FilterBar } from './filter-bar.tsx'
import { nextStep } from './moves.ts'
import { type PortFeed, useFeedSnapshot } from './use-feed.ts'
import { useFeedKeys } from './use-feed-keys.ts'
import { useHolding } from './use-holding.ts'
import type { MakeMove } from './use-moves.ts'
import './feed-panel.css'

type Props = {
  readonly feed: PortFeed
  readonly filters: FeedFilters
  readonly onFilters: (filters: FeedFilters) => void
  readonly openId: string | null
  readonly onOpen: (row: FeedRow | null) => void
  readonly makeMove: MakeMove
  /** The whole page stands still. */
  readonly isStill: boolean
}

const TELL_MS = 10_000

/** The live feed: it flows while its newest row is in sight, and stands still for whoever reads, scrolls or acts. */
export function FeedPanel({ feed, filters, onFilters, openId, onOpen, makeMove, isStill }: Props) {
  const { store, history } = feed
  const { name } = useAccess()
  const { refusal } = useConnection()
  const snapshot = useFeedSnapshot(store)
  const grid = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<number | null>(null)
  const { isLasting, hold, letGo, release } = useHolding(store, isStill)
  const filter = useCallback(
    (next: FeedFilters) => {
      // At once: the address follows, and then there is nothing left to do.
      setActive(null)
      store.setFilters(next)
      onFilters(next)
    },
    [store, onFilters],
  )
  useEffect(() => {
    // The row at an index is another one then.
    setActive(null)
    store.setFilters(filters)
  }, [store, filters])
  useNewsForEars(store)

  const pause = useCallback(() => hold('paused'), [hold])
  const goLive = useCallback(() => {
    setActive(null)
    grid.current?.scrollTo({ top: 0 })
    release()
  }, [release])
  const activate = (index: number) => {
    pause()
    setActive(index)
    grid.current?.focus({ preventScroll: true })
  }
  const open = useCallback(
    (index: number) => {
      pause()
      setActive(index)
      onOpen(store.snapshot().rowAt(index) ?? null)
    },
    [store, onOpen, pause],
  )
  const step = useCallback(
    (row: FeedRow) => {
      const state = store.snapshot().caseOf(row)
      const next = state && nextStep(state)
      if (next) void makeMove(row, next.move)
    },
    [store, makeMove],
  )
  const target = () => (active === null ? store.find(openId ?? '') : snapshot.rowAt(active))
  useFeedKeys({ snapshot, active, activate, open, target, makeMove, isPaused: isLasting, pause, goLive })
  const canAct = refusal === null
  return (
    <section className="card feed" aria-labelledby="feed-title">
      <FilterBar filters={filters} onChange={filter} reader={name} />
      <header className="feed-bar">
        <h2 id="feed-title">Live feed</h2>
        <span className="feed-count">
          {`${formatNumber(snapshot.count)} of ${formatNumber(snapshot.loaded)} events`}
        </span>
        {snapshot.count > PRINTED_ROWS && (
          <span className="feed-printed">{`The newest ${PRINTED_ROWS} of them; “Export CSV” has all`}</span>
        )}
        <FreshnessBadge paused={snapshot.isHeld} updatedAt={snapshot.heldAt} />
        {snapshot.fresh > 0 && !isLasting && (
          <span className="feed-count">{`${formatNumber(snapshot.fresh)} new`}</span>
        )}
        <Button
          className="feed-pause"
          small
          look={isLasting ? 'primary' : 'plain'}
          icon={isLasting ? 'play' : 'pause'}
          onClick={isLasting ? goLive : pause}
        >
          {isLasting ? sayResume(isStill ? 'Refresh' : 'Resume', snapshot.fresh) : 'Pause'}
        </Button>
      </header>
      <FeedGrid
        {...{ snapshot, active, gridRef: grid, reader: name, onOpen: open, openId }}
        onActive={activate}
        onStep={canAct ? step : null}
        onEnd={() => {
          if (history.hasMore && history.status === 'ready') history.loadMore()
        }}
        onAway={(isAway) => (isAway ? hold : letGo)('away')}
        onAttention={(attention) => (attention ? hold : letGo)('attended')}
      />
      <FeedNotice snapshot={snapshot} history={history} filters={filters} onFilters={filter} />
    </section>
  )
}

function sayResume(verb: string, fresh: number): string {
  return fresh === 0 ? verb : `${verb} · ${formatNumber(fresh)} new`
}

/** Tells screen readers how many events came, every 10 s at most: a live feed read out row by row is only noise. */
function useNewsForEars(store: PortFeed['store']): void {
  useEffect(() => {
    let told = store.snapshot().received
    const timer = setInterval(() => {
      const { received } = store.snapshot()
      const count = received - told
      told = received
      if (count > 0) announce(`${count} new ${count === 1 ? 'event' : 'events'}`)
    }, TELL_MS)
    return () => clearInterval(timer)
  }, [store])
}
