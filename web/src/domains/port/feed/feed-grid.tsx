import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, type ReactNode, useEffect, useRef } from 'react'
import { openCase } from '#shared/domain/port/case.ts'
import { Badge, SeverityBadge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { type Attention, useAttention } from '#web/ui/state/use-attention.ts'
import { useMedia, usePrinting } from '#web/ui/state/use-media.ts'
import type { ShownCase } from '../case/case-book.ts'
import { nextStep } from '../case/moves.ts'
import { StatusBadge } from '../case/status-badge.tsx'
import type { FeedSnapshot } from './feed.ts'
import { sayCategory } from './feed-filters.ts'
import type { FeedRow } from './feed-row.ts'

type Props = {
  readonly snapshot: FeedSnapshot
  readonly reader: string
  readonly active: number | null
  readonly openName: string | null
  readonly onActive: (index: number) => void
  readonly onOpen: (index: number) => void
  readonly onStep: ((row: FeedRow) => void) | null
  /** The reader has scrolled away from the newest row, or back to it. */
  readonly onAway: (isAway: boolean) => void
  /** The reader points at a row or has the focus in one, or no longer. */
  readonly onAttention: (attention: Attention) => void
  /** The reader has scrolled near to the oldest row. */
  readonly onEnd: () => void
  readonly gridRef: { current: HTMLDivElement | null }
}

const COLUMNS = ['Severity', 'Event', 'Category', 'Status', 'Assignee', 'Time', 'Next step'] as const
const HEAD_PX = 30
export const PRINTED_ROWS = 200
/** The next page of history is read this many rows before the end. */
const NEAR_ROWS = 20

/** The rows, of which only those on screen exist. The grid has the focus; arrows and `j` `k` move, Enter opens. */
export function FeedGrid(props: Props) {
  const { snapshot, reader, active, openName, onActive, onOpen, onStep, onAway, onEnd, gridRef } = props
  const attention = useAttention(props.onAttention)
  const isNarrow = useMedia('(max-width: 560px)')
  const rowPx = isNarrow ? 64 : 44
  const virtualizer = useVirtualizer({
    count: snapshot.count,
    getScrollElement: () => gridRef.current,
    estimateSize: () => rowPx,
    overscan: 6,
    scrollPaddingStart: HEAD_PX,
  })
  // Paper does not scroll: it has the newest rows, one below the other.
  const isPrinted = usePrinting()
  const lines = isPrinted
    ? Array.from({ length: Math.min(PRINTED_ROWS, snapshot.count) }, (_, index) => ({ index, start: 0 }))
    : virtualizer.getVirtualItems()
  const activeKey = active === null ? undefined : snapshot.rowAt(active)?.key
  const measured = useRef(rowPx)
  useEffect(() => {
    if (measured.current !== rowPx) virtualizer.measure()
    measured.current = rowPx
  }, [rowPx, virtualizer])
  useEffect(() => {
    if (active !== null) virtualizer.scrollToIndex(active)
  }, [active, virtualizer])

  function onKeyDown(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor((gridRef.current?.clientHeight ?? 0) / rowPx) - 2)
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    }
    const step = steps[event.key]
    if (step !== undefined) {
      const next = Math.max(0, Math.min(snapshot.count - 1, (active ?? -1) + step))
      if (snapshot.count > 0) onActive(next)
    } else if (event.key === 'Enter' && active !== null) onOpen(active)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table
    <div
      ref={gridRef}
      className="feed-grid"
      role="grid"
      tabIndex={0}
      aria-label="Events"
      aria-rowcount={snapshot.count + 1}
      aria-activedescendant={activeKey ? `row-${activeKey}` : undefined}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => {
        const { scrollTop, scrollHeight, clientHeight } = currentTarget
        onAway(scrollTop > 2)
        if (scrollTop > 2 && scrollHeight - clientHeight - scrollTop < NEAR_ROWS * rowPx) onEnd()
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: a heading is nothing to act on */}
      <div className="feed-head" role="row" aria-rowindex={1}>
        {COLUMNS.map((name) => (
          // biome-ignore lint/a11y/useSemanticElements: as above
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div
        className="feed-rows"
        role="rowgroup"
        style={{ height: virtualizer.getTotalSize() }}
        {...attention}
      >
        {lines.map(({ index, start }) => {
          const row = snapshot.rowAt(index)
          if (!row) return null
          const state = snapshot.caseOf(row)
          return (
            // Keyed by line, not by row: a busy feed then changes a few texts and creates no elements.
            <FeedRowLine
              key={index}
              row={row}
              state={state}
              index={index}
              top={start}
              onOpen={onOpen}
              onStep={onStep}
              isActive={index === active}
              isOpen={row.name === openName}
              isUnread={state !== null && !state.readBy.includes(reader)}
            />
          )
        })}
      </div>
    </div>
  )
}

type LineProps = {
  readonly row: FeedRow
  readonly state: ShownCase | null
  readonly index: number
  readonly top: number
  readonly isActive: boolean
  readonly isUnread: boolean
  /** Its details are shown beside the feed. */
  readonly isOpen: boolean
  /** Null while the user cannot act. */
  readonly onStep: ((row: FeedRow) => void) | null
  readonly onOpen: (index: number) => void
}

/** One event: a line of fixed height. Its cells and its button belong to the grid, which has the focus. */
const FeedRowLine = memo(function FeedRowLine(props: LineProps) {
  const { row, state, index, top, isActive, isUnread, isOpen, onStep, onOpen } = props
  const { event } = row.positioned
  const ahead = row.positioned.ahead === true
  const step = state && nextStep(state)
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus and names the active row
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the grid
    // biome-ignore lint/a11y/useSemanticElements: rows of a virtual grid are no table rows
    <div
      id={`row-${row.key}`}
      className={`feed-row${isActive ? ' feed-row-active' : ''}${isOpen ? ' feed-row-open' : ''}${state?.isDeleted ? ' feed-row-gone' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isActive}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onOpen(index)}
    >
      <Cell name="severity">
        <SeverityBadge severity={event.severity} />
      </Cell>
      <Cell name="title" title={state?.title}>
        {isUnread && (
          <span className="feed-unread">
            <span className="visually-hidden">Unread: </span>
          </span>
        )}
        {state?.title ?? openCase(event).title}
      </Cell>
      <Cell name="category">{sayCategory(event.category)}</Cell>
      <Cell name="status" title={ahead ? AHEAD : undefined}>
        {state && <StatusBadge state={state} />}
        {ahead && <Badge tone="bad">Ahead</Badge>}
      </Cell>
      <Cell name="assignee">{state?.assignee?.split('@')[0] ?? ''}</Cell>
      <Cell name="time">
        <Time value={event.time} />
      </Cell>
      <Cell name="action">
        {step && onStep && (
          <Button
            small
            tabIndex={-1}
            // Keeps the focus where it is, because a row with the focus is held.
            onMouseDown={(pressed) => pressed.preventDefault()}
            onClick={(clicked) => {
              clicked.stopPropagation()
              onStep(row)
            }}
          >
            {step.label}
          </Button>
        )}
      </Cell>
    </div>
  )
})

const AHEAD = 'Its time was too far ahead of the log: it counts nowhere'

type CellProps = {
  readonly name: string
  readonly title?: string | undefined
  readonly children: ReactNode
}

function Cell({ name, title, children }: CellProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus and names the active row
    // biome-ignore lint/a11y/useSemanticElements: cells of a virtual grid are no table cells
    <span role="gridcell" className={`feed-${name}`} title={title}>
      {children}
    </span>
  )
}
