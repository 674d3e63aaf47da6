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
  /** Buttons or links that help. */
  readonly children?: ReactNode
}

/** Says why a widget or page shows no data, and offers what to do. */
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

/** A skeleton in place of data that is loading. It is animated unless the user prefers reduced motion. */
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
