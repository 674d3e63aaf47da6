import { useRef, useSyncExternalStore } from 'react'
import { useSetting } from './settings.ts'

const DARK = '(prefers-color-scheme: dark)'

function subscribe(listener: () => void): () => void {
  const media = matchMedia(DARK)
  media.addEventListener('change', listener)
  return () => media.removeEventListener('change', listener)
}

/**
 * Whether the screen is dark, for what has to be drawn in its colours. Paper is always light, and printing does not
 * wait until something is drawn anew: there the style sheets turn the colours round.
 */
export function useIsDark(): boolean {
  const theme = useSetting('theme')
  const onScreen = useRef(false)
  const isSystemDark = useSyncExternalStore(subscribe, () => {
    if (!matchMedia('print').matches) onScreen.current = matchMedia(DARK).matches
    return onScreen.current
  })
  return theme === 'system' ? isSystemDark : theme === 'dark'
}
