export type Store<T> = {
  readonly get: () => T
  readonly set: (change: Partial<T>) => void
  readonly subscribe: (listener: () => void) => () => void
}

/** Creates a small state outside React, to be read with `useSyncExternalStore`. */
export function createStore<T extends object>(initial: T, onChange: (state: T) => void = () => {}): Store<T> {
  const listeners = new Set<() => void>()
  let state = initial
  return {
    get: () => state,
    set: (change) => {
      state = { ...state, ...change }
      onChange(state)
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Reads JSON from `localStorage`; null if there is none or storage is forbidden. */
export function readStored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null // storage is forbidden, or the value is not JSON
  }
}

/** Writes JSON to `localStorage`, if that is allowed. */
export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Private windows and full disks: stored values are a convenience.
  }
}
