import type { ReactNode } from 'react'
import { Icon, type IconName } from '#web/ui/data/icon.tsx'
import './state-message.css'

const KINDS = {
  empty: 'inbox',
  filtered: 'search',
  offline: 'plug',
  error: 'alert',
  denied: 'person',
} as const satisfies Record<string, IconName>

type Props = {
  readonly kind: keyof typeof KINDS
  readonly title: string
  readonly detail?: string | undefined
  /** What to do about it. */
  readonly children?: ReactNode
}

/** Why there is nothing to see, and what to do: one shape for all the states that a widget can be in. */
export function StateMessage({ kind, title, detail, children }: Props) {
  return (
    <div className={`state state-${kind}`} role={kind === 'error' ? 'alert' : undefined}>
      <Icon name={KINDS[kind]} size={28} />
      <strong>{title}</strong>
      {detail && <p>{detail}</p>}
      {children && <div className="state-actions">{children}</div>}
    </div>
  )
}

/** Grey bars where data will be. They shimmer only for those who like motion. */
export function Loading({ what, lines = 4 }: { what: string; lines?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{`Loading ${what}…`}</span>
      {Array.from({ length: lines }, (_, line) => line).map((line) => (
        <span key={line} className="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  )
}
