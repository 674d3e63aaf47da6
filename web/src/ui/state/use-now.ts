import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | null = null

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of [...listeners]) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** The time in epoch milliseconds, updated every second. All components share one timer. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

/**
 * The time in epoch milliseconds, rounded down to a whole number of steps: a component that needs to know the hour, or
 * the day in UTC, is rendered again only when that changes.
 */
export function useNowBy(stepMs: number): number {
  return useSyncExternalStore(subscribe, () => now - (now % stepMs))
}

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
