import { memo, type ReactNode } from 'react'
import { SeverityBadge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import type { ShownCase } from './case-book.ts'
import type { FeedRow } from './feed-row.ts'
import { nextStep } from './moves.ts'
import { StatusBadge } from './status-badge.tsx'

type Props = {
  readonly row: FeedRow
  readonly state: ShownCase | null
  readonly index: number
  readonly top: number
  readonly isActive: boolean
  readonly isUnread: boolean
  /** Its details are beside the feed. */
  readonly isOpen: boolean
  /** Null while nothing should be done. */
  readonly onStep: ((row: FeedRow) => void) | null
  readonly onOpen: (index: number) => void
}

/** `port.container` as people say it: "container". */
export function sayCategory(category: string | undefined): string {
  return (category ?? '').replace(/^port\./, '')
}

/** One event: a line of fixed height. Its cells and its button belong to the grid, which has the focus. */
export const FeedRowLine = memo(function FeedRowLine(props: Props) {
  const { row, state, index, top, isActive, isUnread, isOpen, onStep, onOpen } = props
  const { event } = row.positioned
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
        {state?.title ?? event.type}
      </Cell>
      <Cell name="category">{sayCategory(event.category)}</Cell>
      <Cell name="status">{state && <StatusBadge state={state} />}</Cell>
      <Cell name="assignee">{state?.assignee?.split('@')[0] ?? ''}</Cell>
      <Cell name="time">
        <Time value={event.time} />
      </Cell>
      <Cell name="action">
        {step && onStep && (
          <Button
            small
            tabIndex={-1}
            // The focus stays where it is: rows that have it would stand still.
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
