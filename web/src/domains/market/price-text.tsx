import { type ReactNode, useEffect, useRef } from 'react'
import { directionOf, sayPercent } from './money-text.ts'

const ARROWS = { up: '▲', down: '▼', flat: '' } as const

/** A change in per cent. Arrow and sign say the same as the colour. */
export function ChangeText({ percent }: { percent: number }) {
  const direction = directionOf(percent)
  return (
    <span className={`money-${direction}`}>
      <span aria-hidden="true">{ARROWS[direction]} </span>
      {sayPercent(percent)}
    </span>
  )
}

/** A number that lights up when it changes, in the tone of its direction, unless the reader prefers reduced motion. */
export function Flash({ value, children }: { value: number; children: ReactNode }) {
  const before = useRef(value)
  const box = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const direction = directionOf(value - before.current)
    before.current = value
    if (direction === 'flat' || matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const from = direction === 'up' ? 'var(--good-ground)' : 'var(--bad-ground)'
    box.current?.animate([{ backgroundColor: from }, { backgroundColor: 'transparent' }], { duration: 900 })
  }, [value])
  return (
    <span className="flash" ref={box}>
      {children}
    </span>
  )
}
