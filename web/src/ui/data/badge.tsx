import type { ReactNode } from 'react'
import { SEVERITIES } from '#shared/core/severity.ts'
import './badge.css'

export type Tone = 'plain' | 'good' | 'busy' | 'bad' | 'accent'

/** A word on a tinted background. The colour repeats its meaning. */
export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>
}

const COUNT = new Intl.NumberFormat('en')

/** A number that needs attention. Screen readers also read the label: what it counts. */
export function CountBadge({ count, label, tone = 'plain' }: { count: number; label: string; tone?: Tone }) {
  return (
    <span className={`badge badge-count badge-${tone}`}>
      <span aria-hidden="true">{count > 999 ? '999+' : COUNT.format(count)}</span>
      <span className="visually-hidden">{` ${COUNT.format(count)} ${label}`}</span>
    </span>
  )
}

/** A severity as a word. The colour repeats its meaning. */
export function SeverityBadge({ severity }: { severity: string | undefined }) {
  const known = SEVERITIES.find((name) => name === severity)
  return <span className={`severity severity-${known ?? 'none'}`}>{severity ?? 'none'}</span>
}
