import { useCallback, useRef, useSyncExternalStore } from 'react'
import { useSetting } from './settings.ts'

const DARK = '(prefers-color-scheme: dark)'

/** Whether a media query matches, kept up to date. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback((listener: () => void) => subscribeMedia(query, listener), [query])
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

/**
 * Whether the screen is dark, for what has to be drawn in its colours. Paper is always light, and printing does not
 * wait for a canvas to be drawn again: there the style sheets invert its colours.
 */
export function useIsDark(): boolean {
  const theme = useSetting('theme')
  const onScreen = useRef(false)
  const isSystemDark = useSyncExternalStore(subscribeDark, () => {
    if (!matchMedia('print').matches) onScreen.current = matchMedia(DARK).matches
    return onScreen.current
  })
  return theme === 'system' ? isSystemDark : theme === 'dark'
}

/** Whether the page is being printed. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribePrinting, () => isPrintRequested || matchMedia('print').matches)
}

function subscribeMedia(query: string, listener: (change: Event) => void): () => void {
  const media = matchMedia(query)
  media.addEventListener('change', listener)
  return () => media.removeEventListener('change', listener)
}

const subscribeDark = (listener: () => void) => subscribeMedia(DARK, listener)

let isPrintRequested = false

function subscribePrinting(listener: () => void): () => void {
  // The browser counts the pages before the media query changes: their content has to be there with `beforeprint`.
  const change = ({ type }: Event) => {
    isPrintRequested = type === 'beforeprint'
    listener()
  }
  const unsubscribe = subscribeMedia('print', change)
  addEventListener('beforeprint', change)
  addEventListener('afterprint', change)
  return () => {
    removeEventListener('beforeprint', change)
    removeEventListener('afterprint', change)
    unsubscribe()
  }
}
