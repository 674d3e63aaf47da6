import { useRef } from 'react'

/** Returns the value, or while `isStill` the value from when that began. */
export function useStill<Value>(value: Value, isStill: boolean): Value {
  const last = useRef(value)
  if (!isStill) last.current = value
  return last.current
}
