import { useSyncExternalStore } from 'react'
import { createStore } from '#web/ui/state/store.ts'

const EVERY_MS = 5000

const store = createStore<{ readonly polite: string; readonly urgent: string }>({ polite: '', urgent: '' })
let announcedAt = Number.NEGATIVE_INFINITY
let waiting: string | null = null

/** The live regions for screen readers. Rendered once in the app; `announce` writes into them from anywhere. */
export function Announcer() {
  const { polite, urgent } = useSyncExternalStore(store.subscribe, store.get)
  return (
    <>
      <p className="visually-hidden" role="status">
        {polite}
      </p>
      <p className="visually-hidden" role="alert">
        {urgent}
      </p>
    </>
  )
}

/** Announces a text politely to screen readers, at most once in 5 s: of several the latest wins. */
export function announce(text: string): void {
  const wait = announcedAt + EVERY_MS - performance.now()
  if (waiting === null && wait <= 0) {
    announceNow(text)
    return
  }
  if (waiting === null) setTimeout(announceWaiting, wait)
  waiting = text
}

/** Announces at once what cannot wait: the loss of the connection, an action that failed. */
export function announceUrgently(text: string): void {
  store.set({ urgent: text })
}

function announceWaiting(): void {
  const text = waiting
  waiting = null
  if (text !== null) announceNow(text)
}

function announceNow(text: string): void {
  announcedAt = performance.now()
  // A screen reader reads the same words again only if the text changes.
  store.set({ polite: store.get().polite === text ? `${text}\u00a0` : text })
}
