import { useSyncExternalStore } from 'react'

let isAsked = false

function subscribe(listener: () => void): () => void {
  const media = matchMedia('print')
  // The pages are counted before the media query changes: what is on them has to be there with `beforeprint`.
  const change = ({ type }: Event) => {
    isAsked = type === 'beforeprint'
    listener()
  }
  addEventListener('beforeprint', change)
  addEventListener('afterprint', change)
  media.addEventListener('change', listener)
  return () => {
    removeEventListener('beforeprint', change)
    removeEventListener('afterprint', change)
    media.removeEventListener('change', listener)
  }
}

/** Whether the page is being printed. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => isAsked || matchMedia('print').matches)
}
