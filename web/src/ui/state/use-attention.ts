import { type PointerEvent, useEffect, useRef } from 'react'

/** What somebody has on an element: the pointer, if not then the focus, or nothing. */
export type Attention = 'pointed' | 'focused' | null

/** A tap is a click only after the finger has left. */
const TAP_MS = 400

/**
 * Handlers for an element that stands still while somebody points at it or has the focus in it, so that nobody clicks
 * on another row than the one that was aimed at. `onChange` hears it again with each move. A pointer that only lies
 * there, because the page came up under it, points at nothing.
 */
export function useAttention(onChange: (attention: Attention) => void) {
  const here = useRef({ isPointed: false, isFocused: false })
  const tap = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(tap.current), [])

  function change(next: Partial<typeof here.current>) {
    clearTimeout(tap.current)
    here.current = { ...here.current, ...next }
    const { isPointed, isFocused } = here.current
    onChange(isPointed ? 'pointed' : isFocused ? 'focused' : null)
  }
  const leave = () => change({ isPointed: false })
  return {
    onPointerMove: ({ pointerType }: PointerEvent) => {
      if (pointerType !== 'touch') change({ isPointed: true })
    },
    onPointerDown: () => change({ isPointed: true }),
    onPointerLeave: ({ pointerType }: PointerEvent) => {
      if (pointerType !== 'touch') leave()
      else tap.current = setTimeout(leave, TAP_MS)
    },
    onFocus: () => change({ isFocused: true }),
    onBlur: () => change({ isFocused: false }),
  }
}
