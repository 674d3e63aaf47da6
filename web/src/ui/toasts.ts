import { announce, announceUrgently } from './announcements.ts'
import { createStore } from './store.ts'

export type Toast = {
  readonly id: number
  readonly tone: 'good' | 'bad' | 'plain'
  readonly title: string
  readonly detail?: string | undefined
}

const SHOWN = 4
const STAYS_MS = 6000

export const toasts = createStore<{ readonly shown: readonly Toast[] }>({ shown: [] })
let count = 0

/** Shows a short message at the edge, and says it to screen readers. Bad news stay until they are closed. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  const id = ++count
  toasts.set({ shown: [...toasts.get().shown, { ...toast, id }].slice(-SHOWN) })
  const words = toast.detail ? `${toast.title}. ${toast.detail}` : toast.title
  if (toast.tone === 'bad') announceUrgently(words)
  else {
    announce(words)
    setTimeout(() => closeToast(id), STAYS_MS)
  }
}

export function closeToast(id: number): void {
  toasts.set({ shown: toasts.get().shown.filter((toast) => toast.id !== id) })
}
