import { Button, IconButton } from '#web/ui/form/button.tsx'
import { changeSettings, useSetting } from '#web/ui/state/settings.ts'
import { ConnectionStatus } from './connection-status.tsx'
import { PreferencesButton } from './preferences-button.tsx'
import './top-bar.css'

type Props = { readonly onPalette: () => void; readonly onHelp: () => void }

/** The bar at the top: how the connection is, and what concerns every page. */
export function TopBar({ onPalette, onHelp }: Props) {
  const times = useSetting('times')
  return (
    <header className="top-bar">
      <img className="top-logo" src="/icon.svg" alt="Tidewire" width="26" height="26" />
      <ConnectionStatus />
      <Button className="top-search" small icon="search" aria-label="Go to or do… Ctrl K" onClick={onPalette}>
        <span className="top-words">Go to or do…</span>
        <kbd>Ctrl K</kbd>
      </Button>
      <Button
        look="quiet"
        small
        icon="clock"
        className="top-times"
        aria-label={times === 'utc' ? 'Times are in UTC: show local times' : 'Times are local: show UTC'}
        onClick={() => changeSettings({ times: times === 'utc' ? 'local' : 'utc' })}
      >
        {times === 'utc' ? 'UTC' : 'Local'}
      </Button>
      <IconButton className="top-help" icon="keyboard" label="Keyboard shortcuts (?)" onClick={onHelp} />
      <PreferencesButton />
    </header>
  )
}
