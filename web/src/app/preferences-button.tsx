import { lazy, Suspense, useState } from 'react'
import { IconButton } from '#web/ui/form/button.tsx'
import { useAccess } from '../live/access.tsx'

const PreferencesMenu = lazy(() =>
  import('./preferences-menu.tsx').then(({ PreferencesMenu: component }) => ({ default: component })),
)

/** The button of the preferences. Their menu is loaded, and opened, by the first click. */
export function PreferencesButton() {
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
      <PreferencesMenu />
    </Suspense>
  ) : (
    button
  )
}
