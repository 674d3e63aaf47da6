import type { ReactNode } from 'react'
import './data-table.css'

type Props = {
  /** What the table lists: its name for screen readers. */
  readonly caption: string
  /** On a phone: `cards` makes each row a card with the label of each cell (`data-label`), `scroll` lets it scroll sideways. */
  readonly narrow?: 'cards' | 'scroll'
  readonly children: ReactNode
}

/** A table of data: `<thead>` and `<tbody>` as children, `className="number"` on cells with numbers. */
export function DataTable({ caption, narrow = 'scroll', children }: Props) {
  return (
    // A group, no landmark: the card around it is one, often with the same name.
    // biome-ignore lint/a11y/useSemanticElements: it is no part of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reached by the keyboard
    <div className={`data-table data-table-${narrow}`} role="group" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  )
}
