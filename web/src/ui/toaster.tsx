import { useSyncExternalStore } from 'react'
import { IconButton } from './button.tsx'
import { Icon } from './icon.tsx'
import { closeToast, toasts } from './toasts.ts'
import './toaster.css'

/** The messages of `showToast`. Once in the app. */
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
