import type { ReactNode } from 'react'
import './chip.css'

type Props = {
  readonly pressed: boolean
  readonly onChange: (pressed: boolean) => void
  readonly tone?: string
  readonly children: ReactNode
}

/** A filter that is on or off. The tick shows it without colour. */
export function Chip({ pressed, onChange, tone = 'plain', children }: Props) {
  return (
    <button
      type="button"
      className={`chip chip-${tone}`}
      aria-pressed={pressed}
      onClick={() => onChange(!pressed)}
    >
      <span className="chip-tick" aria-hidden="true">
        {pressed ? '✓' : ''}
      </span>
      {children}
    </button>
  )
}
