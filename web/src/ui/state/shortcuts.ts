import { useEffect, useRef } from 'react'
import { readSettings } from './settings.ts'

/** A keyboard shortcut of the page. */
export type Shortcut = {
  /** `a`, `Space`, `?`, or a sequence such as `g p`. `Mod` is Ctrl, and ⌘ on a Mac. */
  readonly keys: string
  readonly label: string
  /** Its heading in the overview. */
  readonly group: string
  readonly run: () => void
}

export const shortcuts = createShortcutRegistry()

type Options = {
  readonly keys: string
  readonly label: string
  readonly group: string
  /** False while it has nothing to do. Default: true. */
  readonly enabled?: boolean
}

/** Registers a keyboard shortcut while the component is mounted. The overview and the palette list it. */
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

/** Listens to the keyboard for all shortcuts. Returns the function that stops it. */
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

/** Whether a key belongs to the focused control: every key in text fields, dialogs and menus; Space and Enter on buttons. */
function belongsToControl(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest('input:not([type="checkbox"]), textarea, select'))
    return true
  if (target.closest('[role="dialog"][aria-modal="true"], [role="menu"]')) return true
  return (
    ['Space', 'Enter'].includes(name) && target.closest('button, a, summary, input, [role="tab"]') !== null
  )
}

const SEQUENCE_MS = 1200

type ShortcutRegistry = {
  readonly add: (shortcut: Shortcut) => () => void
  /** The registered shortcuts. Of two with the same keys the later one runs. */
  readonly list: () => readonly Shortcut[]
  readonly subscribe: (listener: () => void) => () => void
  /** Runs the shortcut that a key completes. Returns whether there was one. `at` is in milliseconds. */
  readonly press: (key: string, at: number) => boolean
}

/** Creates a registry of shortcuts. */
export function createShortcutRegistry(): ShortcutRegistry {
  const listeners = new Set<() => void>()
  let entries: readonly Shortcut[] = []
  let begun: { readonly keys: string; readonly at: number } | null = null
  const change = (next: readonly Shortcut[]) => {
    entries = next
    for (const listener of [...listeners]) listener()
  }
  return {
    add: (shortcut) => {
      change([...entries, shortcut])
      return () => change(entries.filter((other) => other !== shortcut))
    },
    list: () => entries,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    press: (key, at) => {
      const isRunning = begun !== null && at - begun.at < SEQUENCE_MS
      const tries = isRunning ? [`${begun?.keys} ${key}`, key] : [key]
      begun = null
      for (const keys of tries) {
        const found = entries.findLast((entry) => entry.keys === keys)
        if (found) {
          found.run()
          return true
        }
        if (entries.some((entry) => entry.keys.startsWith(`${keys} `))) {
          begun = { keys, at }
          return false
        }
      }
      return false
    },
  }
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>

/** Returns the name of a pressed key; null for modifiers and keys with Alt. */
export function keyName({ key, ctrlKey, metaKey, altKey }: Pressed): string | null {
  if (altKey || ['Shift', 'Control', 'Meta', 'Alt', 'Dead', 'Process'].includes(key)) return null
  const name = key === ' ' ? 'Space' : key.length === 1 ? key.toLowerCase() : key
  return ctrlKey || metaKey ? `Mod+${name}` : name
}
