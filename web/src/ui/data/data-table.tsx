import type { ReactNode } from 'react'
import './data-table.css'

type Props = {
  /** What the table lists: its accessible name. */
  readonly caption: string
  /** On a phone, `cards` renders each row as a card with the labels of its cells (`data-label`); `scroll` scrolls sideways. */
  readonly narrow?: 'cards' | 'scroll'
  readonly children: ReactNode
}

/** A table of data: `<thead>` and `<tbody>` as children, `className="number"` on cells with numbers. */
export function DataTable({ caption, narrow = 'scroll', children }: Props) {
  return (
    // A group and not a landmark: the card around it is one, often with the same name.
    // biome-ignore lint/a11y/useSemanticElements: it is not part of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reached by the keyboard
    <div className={`data-table data-table-${narrow}`} role="group" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  )
}
