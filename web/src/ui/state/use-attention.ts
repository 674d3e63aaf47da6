import { type PointerEvent, useEffect, useRef } from 'react'

/** What the user has in an element: the pointer, otherwise the focus, or neither. */
export type Attention = 'pointed' | 'focused' | null

/** The click of a tap comes after the finger has left. */
const TAP_MS = 400

/**
 * Returns handlers for an element that must not move while the pointer or the focus is in it, so that nobody clicks on
 * another row than intended. `onChange` is called with each move. A pointer that does not move is ignored: the page may
 * have opened under it.
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
