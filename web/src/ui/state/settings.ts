import { useSyncExternalStore } from 'react'
import { createStore, readStored, writeStored } from './store.ts'

/** The user's settings in this browser. */
export type Settings = {
  readonly theme: 'system' | 'light' | 'dark'
  readonly times: 'local' | 'utc'
  readonly shortcuts: boolean
  readonly isNavCollapsed: boolean
  readonly notifications: boolean
  readonly autoRefresh: boolean
}

const KEY = 'tidewire.settings'
const DEFAULTS: Settings = {
  theme: 'system',
  times: 'local',
  shortcuts: true,
  isNavCollapsed: false,
  notifications: false,
  autoRefresh: true,
}

/** Reads stored settings. Missing values and values of another type get their default. */
export function toSettings(stored: unknown): Settings {
  const fields = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {}
  const chosen = Object.entries(DEFAULTS).map(([name, fallback]) => [
    name,
    typeof fields[name] === typeof fallback ? fields[name] : fallback,
  ])
  const settings = Object.fromEntries(chosen) as Settings
  return {
    ...settings,
    theme: ['system', 'light', 'dark'].includes(settings.theme) ? settings.theme : DEFAULTS.theme,
    times: ['local', 'utc'].includes(settings.times) ? settings.times : DEFAULTS.times,
  }
}

const store = createStore(toSettings(readStored(KEY)), (settings) => {
  writeStored(KEY, settings)
  applyTheme()
})

/** Applies the theme. Called before the first paint, so that nothing flashes. */
export function applyTheme(): void {
  const { theme } = store.get()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** Changes settings and stores them. */
export const changeSettings = store.set
export const readSettings = store.get

/** The value of a setting, kept up to date. */
export function useSetting<Name extends keyof Settings>(name: Name): Settings[Name] {
  return useSyncExternalStore(store.subscribe, () => store.get()[name])
}
