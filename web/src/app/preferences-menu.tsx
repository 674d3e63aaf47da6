import { lazy, Suspense, useState } from 'react'
import { IconButton } from '#web/ui/form/button.tsx'
import { Menu, MenuCheck, MenuChoice, MenuItem, MenuLine } from '#web/ui/overlay/menu.tsx'
import { askForNotifications } from '#web/ui/overlay/notifications.ts'
import { changeSettings, type Settings, useSetting } from '#web/ui/state/settings.ts'
import { useAccess } from '../live/access.tsx'
import { sayConnections } from '../live/use-connection-count.ts'

const TwoStepDialog = lazy(() =>
  import('./two-step-dialog.tsx').then(({ TwoStepDialog: component }) => ({ default: component })),
)

const THEMES = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const
const TIMES = [
  ['local', 'Local'],
  ['utc', 'UTC'],
] as const

/** The signed-in user, their preferences, and how many connections are open, for which a phone's bar has no room. */
export function PreferencesMenu({ count }: { readonly count: number | null }) {
  const { name, signOut, twoStep } = useAccess()
  const [isTwoStepOpen, setTwoStepOpen] = useState(false)
  const theme = useSetting('theme')
  const times = useSetting('times')
  const shortcuts = useSetting('shortcuts')
  const notifications = useSetting('notifications')
  return (
    <>
      <Menu defaultOpen trigger={<IconButton icon="person" label={`Preferences of ${name}`} />}>
        <p className="menu-label">{`Signed in as ${name}`}</p>
        {count !== null && <p className="menu-label">{`${sayConnections(count)} to the server`}</p>}
        <MenuLine />
        <MenuChoice
          label="Theme"
          value={theme}
          options={THEMES}
          onChange={(value) => changeSettings({ theme: value as Settings['theme'] })}
        />
        <MenuChoice
          label="Times"
          value={times}
          options={TIMES}
          onChange={(value) => changeSettings({ times: value as Settings['times'] })}
        />
        <MenuLine />
        <MenuCheck checked={shortcuts} onChange={(checked) => changeSettings({ shortcuts: checked })}>
          Keyboard shortcuts
        </MenuCheck>
        <MenuCheck checked={notifications} onChange={(checked) => void askForNotifications(checked)}>
          Browser notifications
        </MenuCheck>
        <MenuLine />
        {twoStep && <MenuItem onSelect={() => setTwoStepOpen(true)}>Two-step sign-in…</MenuItem>}
        <MenuItem onSelect={() => void signOut()}>Sign out</MenuItem>
      </Menu>
      {twoStep && isTwoStepOpen && (
        <Suspense fallback={null}>
          <TwoStepDialog twoStep={twoStep} onClose={() => setTwoStepOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
