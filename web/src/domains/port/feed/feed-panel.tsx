import { useCallback, useEffect, useRef, useState } from 'react'
import type { CaseMove } from '#shared/domain/port/case.ts'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge, useConnection } from '#web/live/freshness.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { announce } from '#web/ui/overlay/announcer.tsx'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import { DAY_MS, useNowBy } from '#web/ui/state/use-now.ts'
import { type MakeMove, type MoveBody, maySteer, nextStep } from '../case/moves.ts'
import type { FeedSnapshot } from './feed.ts'
import { type FeedFilters, isFiltered, NO_FILTERS } from './feed-filters.ts'
import { FeedGrid, PRINTED_ROWS } from './feed-grid.tsx'
import type { FeedRow } from './feed-row.ts'
import type { FeedStore } from './feed-store.ts'
import { FilterBar } from './filter-bar.tsx'
import { type FeedHistory, type PortFeed, useFeedSnapshot } from './use-feed.ts'
import './feed.css'

type Props = {
  readonly feed: PortFeed
  readonly filters: FeedFilters
  readonly onFilters: (filters: FeedFilters) => void
  readonly openId: string | null
  readonly onOpen: (row: FeedRow | null) => void
  readonly makeMove: MakeMove
  /** Auto-refresh is off: nothing on the page moves. */
  readonly isStill: boolean
}

const ANNOUNCE_MS = 10_000

/** The live feed. It flows while its newest row is in view, and is held while the reader reads, scrolls or acts. */
export function FeedPanel({ feed, filters, onFilters, openId, onOpen, makeMove, isStill }: Props) {
  const { store, history } = feed
  const { name, role } = useAccess()
  const { refusal } = useConnection()
  const snapshot = useFeedSnapshot(store)
  const grid = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<number | null>(null)
  const { isLasting, hold, letGo, release } = useHolding(store, isStill)
  const filter = useCallback(
    (next: FeedFilters) => {
      // The address follows, and changes nothing more.
      setActive(null)
      store.setFilters(next)
      onFilters(next)
    },
    [store, onFilters],
  )
  const today = useNowBy(DAY_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: at midnight the filter "today" shows other rows
  useEffect(() => {
    // Another row may be at this index now.
    setActive(null)
    store.setFilters(filters)
  }, [store, filters, today])
  useAnnouncedNews(store)

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
  const canStep = refusal === null && maySteer(role)
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
        snapshot={snapshot}
        active={active}
        gridRef={grid}
        reader={name}
        onOpen={open}
        openName={openId === null ? null : (store.find(openId)?.name ?? null)}
        onActive={activate}
        onStep={canStep ? step : null}
        onEnd={() => {
          if (history.hasMore && history.status === 'ready' && !snapshot.isCut) history.loadMore()
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

/** Announces to screen readers how many events came, every 10 s at most. A feed read out row by row is only noise. */
function useAnnouncedNews(store: PortFeed['store']): void {
  useEffect(() => {
    let announced = store.snapshot().received
    const timer = setInterval(() => {
      const { received } = store.snapshot()
      const count = received - announced
      announced = received
      if (count > 0) announce(`${count} new ${count === 1 ? 'event' : 'events'}`)
    }, ANNOUNCE_MS)
    return () => clearInterval(timer)
  }, [store])
}

type NoticeProps = {
  readonly snapshot: FeedSnapshot
  readonly history: FeedHistory
  readonly filters: FeedFilters
  readonly onFilters: (filters: FeedFilters) => void
}

/** Up to this many rows may leave nothing to scroll. */
const FEW = 30

/** Why the feed is empty, and a button for older events. */
function FeedNotice({ snapshot, history, filters, onFilters }: NoticeProps) {
  const { status, problem, hasMore, loadMore, readAgain } = history
  const { count, loaded, isCut } = snapshot
  if (status === 'failed')
    return (
      <StateMessage kind="error" title="The history could not be read" detail={problem}>
        <Button onClick={loadMore}>Try again</Button>
      </StateMessage>
    )
  if (status === 'loading' && count === 0)
    return (
      // Without keys React reuses the element, and the browser counts a layout shift.
      <div key="loading" className="feed-loading">
        <Loading what="the events" lines={8} />
      </div>
    )
  const older = isCut ? (
    <>
      <span>{`The newest ${formatNumber(loaded)} events: the page keeps no more.`}</span>
      <Button small onClick={readAgain}>
        Read again from the server
      </Button>
    </>
  ) : (
    hasMore && (
      <Button small disabled={status === 'loading'} onClick={loadMore}>
        {status === 'loading' ? 'Loading…' : 'Load older events'}
      </Button>
    )
  )
  // If there is something to scroll, scrolling loads the rest.
  if (count > FEW && !isCut)
    return status === 'loading' ? (
      <div key="older" className="feed-older">
        Loading older events…
      </div>
    ) : null
  if (count > 0)
    return older ? (
      <div key="older" className="feed-older">
        {older}
      </div>
    ) : null
  if (!isFiltered(filters))
    return (
      <StateMessage
        kind="empty"
        title="Nothing has happened yet"
        detail="Events appear here as they happen. Create one, or run “npx tidewire simulate port” to see some."
      />
    )
  return (
    <StateMessage
      kind="filtered"
      title="No event passes the filter"
      detail={`${formatNumber(loaded)} events are loaded. New ones appear as soon as they pass.`}
    >
      <Button onClick={() => onFilters(NO_FILTERS)}>Clear the filter</Button>
      {older}
    </StateMessage>
  )
}

/** Why rows are held: the reader paused them, scrolled away from the newest row, or points at one. */
type HoldReason = 'paused' | 'away' | 'attended'

type Holding = {
  /** The feed resumes only when the reader asks for it. */
  readonly isLasting: boolean
  readonly hold: (reason: HoldReason) => void
  readonly letGo: (reason: HoldReason) => void
  /** Shows what is new, and lets the rows flow unless auto-refresh is off. */
  readonly release: () => void
}

/** Holds the rows of the feed while there is any reason to. */
function useHolding(store: FeedStore, isStill: boolean): Holding {
  const reasons = useRef(new Set<HoldReason>())
  const [isLasting, setLasting] = useState(false)
  const settle = useCallback(() => {
    const { size } = reasons.current
    if (size > 0 || isStill) store.hold()
    else store.release()
    setLasting(isStill || size > Number(reasons.current.has('attended')))
  }, [store, isStill])
  useEffect(settle, [settle])
  const hold = useCallback(
    (reason: HoldReason) => {
      if (reasons.current.has(reason)) return
      reasons.current.add(reason)
      settle()
    },
    [settle],
  )
  const letGo = useCallback(
    (reason: HoldReason) => {
      if (reasons.current.delete(reason)) settle()
    },
    [settle],
  )
  const release = useCallback(() => {
    reasons.current.clear()
    store.release()
    settle()
  }, [store, settle])
  return { isLasting, hold, letGo, release }
}

type Options = {
  readonly snapshot: FeedSnapshot
  readonly active: number | null
  readonly activate: (index: number) => void
  readonly open: (index: number) => void
  /** Returns the row that actions apply to: the active one, or the open one. */
  readonly target: () => FeedRow | undefined
  readonly makeMove: MakeMove
  readonly isPaused: boolean
  readonly pause: () => void
  readonly goLive: () => void
}

/** The keys of the feed. */
function useFeedKeys(options: Options): void {
  const { snapshot, active, activate, open, target, makeMove, isPaused, pause, goLive } = options
  const { name } = useAccess()
  const group = 'Feed'
  const go = (step: number) => {
    if (snapshot.count > 0) activate(Math.max(0, Math.min(snapshot.count - 1, (active ?? -1) + step)))
  }
  const move = (kind: CaseMove, body?: MoveBody) => {
    const row = target()
    if (row) void makeMove(row, kind, body)
  }
  useShortcut({ keys: 'j', label: 'Next event', group }, () => go(1))
  useShortcut({ keys: 'k', label: 'Event before', group }, () => go(-1))
  useShortcut({ keys: 'o', label: 'Open the event', group }, () => active !== null && open(active))
  useShortcut({ keys: 'Space', label: 'Pause or resume the feed', group }, () =>
    isPaused ? goLive() : pause(),
  )
  useShortcut({ keys: 'n', label: 'Show what is new', group }, goLive)
  useShortcut({ keys: 'a', label: 'Acknowledge', group }, () => move('acknowledge'))
  useShortcut({ keys: 's', label: 'Start', group }, () => move('start'))
  useShortcut({ keys: 'r', label: 'Resolve', group }, () => move('resolve'))
  useShortcut({ keys: 'c', label: 'Close the event', group }, () => move('close'))
  useShortcut({ keys: 'm', label: 'Assign to me', group }, () => move('assign', { assignee: name }))
}
