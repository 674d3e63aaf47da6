import { lazy, Suspense, useEffect, useState } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { useConnection } from '#web/live/freshness.tsx'
import { sayConnections, useConnectionCount } from '#web/live/use-connection-count.ts'
import { Icon } from '#web/ui/data/icon.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
import { announce, announceUrgently } from '#web/ui/overlay/announcer.tsx'
import { changeSettings, useSetting } from '#web/ui/state/settings.ts'
import './top-bar.css'

type Props = { readonly onPalette: () => void; readonly onHelp: () => void }

/** The bar at the top: the state of the connection, and what every page needs. */
export function TopBar({ onPalette, onHelp }: Props) {
  const times = useSetting('times')
  const count = useConnectionCount()
  return (
    <header className="top-bar">
      <img className="top-logo" src="/icon.svg" alt="Tidewire" width="26" height="26" />
      <ConnectionStatus />
      {count !== null && (
        <span className="top-count" title="Open connections to this server, of everybody">
          <Icon name="plug" size={15} />
          {sayConnections(count)}
        </span>
      )}
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
      <PreferencesButton count={count} />
    </header>
  )
}

/** The state of the connection. Only its loss interrupts a screen reader. */
function ConnectionStatus() {
  const { phase, label, help, tone, heardAt } = useConnection()
  useEffect(() => {
    if (phase === 'connecting') return
    if (tone === 'bad') announceUrgently(`${label}. ${help}`)
    else announce(`${label}. ${help}`)
  }, [phase, label, help, tone])
  return (
    <section className={`connection connection-${tone}`} aria-label="Connection">
      <span className="connection-dot" aria-hidden="true" />
      <div>
        <strong>{label}</strong> <span className="connection-help">{help}</span>{' '}
        <span className="connection-age">
          {heardAt === null ? (
            'No message yet'
          ) : (
            <>
              <span className="connection-heard">Last message </span>
              <Age of={heardAt} />
            </>
          )}
        </span>
      </div>
    </section>
  )
}

const QUIET_PHASES: readonly string[] = ['live', 'connecting', 'recovering']

/** A strip across the page while its data may be out of date: what is wrong, since when, and what happens next. */
export function ConnectionBanner() {
  const { phase, label, help, tone, heardAt } = useConnection()
  if (QUIET_PHASES.includes(phase)) return null
  return (
    <section className={`banner banner-${tone}`} aria-label="Connection trouble">
      <Icon name="alert" />
      <strong>{label}</strong>
      <span>{help}</span>
      {heardAt !== null && (
        <span>
          Data as of <Age of={heardAt} />.
        </span>
      )}
    </section>
  )
}

const PreferencesMenu = lazy(() =>
  import('./preferences-menu.tsx').then(({ PreferencesMenu: component }) => ({ default: component })),
)

/** Opens the preferences. The first click loads their menu. */
function PreferencesButton({ count }: { readonly count: number | null }) {
  const { name } = useAccess()
  const [isWanted, setWanted] = useState(false)
  const button = (
    <IconButton
      icon="person"
      label={`Preferences of ${name}`}
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
    />
  )
  return isWanted ? (
    <Suspense fallback={button}>
      <PreferencesMenu count={count} />
    </Suspense>
  ) : (
    button
  )
}
