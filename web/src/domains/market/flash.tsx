import { type ReactNode, useEffect, useRef } from 'react'
import { directionOf } from './say-money.ts'
import './flash.css'

/** A number that lights up when it changes, in the tone of its direction; it stands still for those who want that. */
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
