import type { ReactNode } from 'react'
import './badge.css'

export type Tone = 'plain' | 'good' | 'busy' | 'bad' | 'accent'

/** A word on a tinted ground; the colour only repeats it. */
export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>
}

const COUNT = new Intl.NumberFormat('en')

/** A number that calls for attention, with what it counts for screen readers. */
export function CountBadge({ count, label, tone = 'plain' }: { count: number; label: string; tone?: Tone }) {
  return (
    <span className={`badge badge-count badge-${tone}`}>
      <span aria-hidden="true">{count > 999 ? '999+' : COUNT.format(count)}</span>
      <span className="visually-hidden">{` ${COUNT.format(count)} ${label}`}</span>
    </span>
  )
}
