import { useRef } from 'react'

/** A value that stands still while `isStill`: what it was when that began. */
export function useStill<Value>(value: Value, isStill: boolean): Value {
  const last = useRef(value)
  if (!isStill) last.current = value
  return last.current
}
