import { useCallback, useEffect, useRef, useState } from 'react'
import type { FeedStore } from './feed-store.ts'

/** Why rows stand still: it was asked for, the newest row is out of sight, or somebody points at one. */
export type HoldReason = 'paused' | 'away' | 'attended'

export type Holding = {
  /** It goes on only when the reader says so. */
  readonly isLasting: boolean
  readonly hold: (reason: HoldReason) => void
  readonly letGo: (reason: HoldReason) => void
  /** Shows what is new, and lets the rows flow unless the whole page stands still. */
  readonly release: () => void
}

/** Holds the rows of the feed as long as there is any reason to. */
export function useHolding(store: FeedStore, isStill: boolean): Holding {
  const reasons = useRef(new Set<HoldReason>())
  const [isLasting, setLasting] = useState(false)
  const settle = useCallback(() => {
    const { size } = reasons.current
    if (size > 0 || isStill) store.hold()
    else store.release()
    setLasting(isStill || size > Number(reasons.current.has('attended')))
  }, [store, isStill])
  useEffect(settle, [settle])
  const hold = useCallback(
    (reason: HoldReason) => {
      if (reasons.current.has(reason)) return
      reasons.current.add(reason)
      settle()
    },
    [settle],
  )
  const letGo = useCallback(
    (reason: HoldReason) => {
      if (reasons.current.delete(reason)) settle()
    },
    [settle],
  )
  const release = useCallback(() => {
    reasons.current.clear()
    store.release()
    settle()
  }, [store, settle])
  return { isLasting, hold, letGo, release }
}
