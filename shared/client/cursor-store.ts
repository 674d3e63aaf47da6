import { parseCursor } from '#shared/core/cursor.ts'
import type { Clock } from './clock.ts'

/** Where cursors outlive a page: `localStorage` fits. */
export type CursorStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

export type CursorStore = {
  /** Returns the cursor of an earlier page; null if there is none, or none that can be read. */
  readonly load: () => string | null
  /** Writes within a second. */
  readonly touch: () => void
  /** Writes now what a `touch` has left to be written. */
  readonly flush: () => void
}

/** A stored cursor is at most this old, in milliseconds. */
const EVERY_MS = 1000

/** Keeps what `read` returns under one key of a storage. Nothing is written where it returns null. */
export function createCursorStore(
  { storage, key, clock }: { readonly storage: CursorStorage; readonly key: string; readonly clock: Clock },
  read: () => string | null,
): CursorStore {
  let cancel: (() => void) | null = null

  function write() {
    cancel = null
    const cursor = read()
    if (cursor === null) return
    try {
      const written: unknown = storage.setItem(key, cursor)
      // Some write later. Nothing waits for that.
      if (written instanceof Promise) written.catch(() => {})
    } catch {
      // A full or forbidden storage costs the position across page loads, nothing now.
    }
  }
  return {
    load: () => {
      try {
        const stored: unknown = storage.getItem(key)
        // Some read later. Nothing waits for that.
        if (stored instanceof Promise) stored.catch(() => {})
        return typeof stored === 'string' && stored.includes('@') && parseCursor(stored) ? stored : null
      } catch {
        return null // a browser may forbid storage, and anybody may have written there
      }
    },
    touch: () => {
      cancel ??= clock.after(EVERY_MS, write)
    },
    flush: () => {
      if (cancel === null) return
      cancel()
      write()
    },
  }
}
