import { useEffect, useRef } from 'react'
import { readSettings } from './settings.ts'
import { createShortcutRegistry, keyName } from './shortcuts.ts'

export const shortcuts = createShortcutRegistry()

type Options = {
  readonly keys: string
  readonly label: string
  readonly group: string
  /** False while there is nothing that it could do. */
  readonly enabled?: boolean
}

/** A keyboard shortcut for as long as the component is mounted; it stands in the overview and in the palette. */
export function useShortcut({ keys, label, group, enabled = true }: Options, run: () => void): void {
  const latest = useRef(run)
  useEffect(() => {
    latest.current = run
  })
  useEffect(() => {
    if (enabled) return shortcuts.add({ keys, label, group, run: () => latest.current() })
    return undefined
  }, [keys, label, group, enabled])
}

/** Listens to the keyboard for all shortcuts. Returns the function that ends it. */
export function listenToKeys(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    const name = keyName(event)
    if (name === null || event.defaultPrevented || !readSettings().shortcuts) return
    if (!name.startsWith('Mod+') && belongsToControl(event.target, name)) return
    if (shortcuts.press(name, event.timeStamp)) event.preventDefault()
  }
  addEventListener('keydown', onKeyDown)
  return () => removeEventListener('keydown', onKeyDown)
}

/** Text fields take every key, buttons and links take Space and Enter; an open dialog or menu keeps its own. */
function belongsToControl(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest('input:not([type="checkbox"]), textarea, select'))
    return true
  if (target.closest('[role="dialog"][aria-modal="true"], [role="menu"]')) return true
  return (
    ['Space', 'Enter'].includes(name) && target.closest('button, a, summary, input, [role="tab"]') !== null
  )
}
