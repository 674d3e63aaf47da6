import { useSyncExternalStore } from 'react'
import { Icon } from '#web/ui/data/icon.tsx'
import { IconButton } from '#web/ui/form/button.tsx'
import { createStore } from '#web/ui/state/store.ts'
import { announce, announceUrgently } from './announcer.tsx'
import './toaster.css'

type Toast = {
  readonly id: number
  readonly tone: 'good' | 'bad' | 'plain'
  readonly title: string
  readonly detail?: string | undefined
}

const SHOWN = 4
const STAYS_MS = 6000

const toasts = createStore<{ readonly shown: readonly Toast[] }>({ shown: [] })
let count = 0

/** The messages of `showToast`. Rendered once in the app. */
export function Toaster() {
  const { shown } = useSyncExternalStore(toasts.subscribe, toasts.get)
  if (shown.length === 0) return null
  return (
    <section className="toaster" aria-label="Messages">
      {shown.map(({ id, tone, title, detail }) => (
        <div key={id} className={`toast toast-${tone}`}>
          <Icon name={tone === 'bad' ? 'alert' : tone === 'good' ? 'check' : 'bell'} />
          <div>
            <strong>{title}</strong>
            {detail && <p>{detail}</p>}
          </div>
          <IconButton
            icon="close"
            small
            label={`Close the message “${title}”`}
            onClick={() => closeToast(id)}
          />
        </div>
      ))}
    </section>
  )
}

/** Shows a short message in the corner and announces it. It closes after 6 s; one of tone `bad` stays until it is closed. */
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

function closeToast(id: number): void {
  toasts.set({ shown: toasts.get().shown.filter((toast) => toast.id !== id) })
}
