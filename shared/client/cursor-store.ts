import type { Clock } from './clock.ts'

/** Where cursors outlive a page: `localStorage` fits. */
export type CursorStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

export type CursorStore = { readonly touch: () => void; readonly flush: () => void }

/** Writes what `read` gives at most once per `everyMs` after a `touch`, and at once on `flush`. */
export function createCursorStore(
  {
    storage,
    key,
    clock,
    everyMs = 1000,
  }: { storage: CursorStorage; key: string; clock: Clock; everyMs?: number },
  read: () => string | null,
): CursorStore {
  let cancel: (() => void) | null = null
  function flush() {
    cancel?.()
    cancel = null
    const cursor = read()
    if (cursor === null) return
    try {
      storage.setItem(key, cursor)
    } catch {
      // A full or forbidden storage costs the position across page loads, nothing now.
    }
  }
  return {
    touch: () => {
      cancel ??= clock.after(everyMs, flush)
    },
    flush: () => {
      if (cancel) flush()
    },
  }
}
