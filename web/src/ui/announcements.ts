import { createStore } from './store.ts'

type Announcements = { readonly polite: string; readonly urgent: string }

const EVERY_MS = 5000

const store = createStore<Announcements>({ polite: '', urgent: '' })
let toldAt = 0
let waiting: string | null = null

/** Says something to screen readers when they have time, every 5 s at most: the latest wins. */
export function announce(text: string): void {
  const wait = toldAt + EVERY_MS - Date.now()
  if (waiting !== null || wait > 0) {
    if (waiting === null) setTimeout(tellWaiting, wait)
    waiting = text
    return
  }
  tell(text)
}

/** Says at once what cannot wait: the loss of the connection, an action that failed. */
export function announceUrgently(text: string): void {
  store.set({ urgent: text })
}

export const announcements = store

function tellWaiting(): void {
  const text = waiting
  waiting = null
  if (text !== null) tell(text)
}

function tell(text: string): void {
  toldAt = Date.now()
  // The same words twice are read twice only if the text changes.
  store.set({ polite: store.get().polite === text ? `${text}\u00a0` : text })
}
