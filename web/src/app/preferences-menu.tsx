import { IconButton } from '#web/ui/form/button.tsx'
import { Menu, MenuCheck, MenuChoice, MenuItem, MenuLine } from '#web/ui/overlay/menu.tsx'
import { askForNotifications } from '#web/ui/overlay/notifications.ts'
import { changeSettings, type Settings, useSetting } from '#web/ui/state/settings.ts'
import { useAccess } from '../live/access.tsx'

const THEMES = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const
const TIMES = [
  ['local', 'Local'],
  ['utc', 'UTC'],
] as const

/** The signed-in user and their preferences. */
export function PreferencesMenu() {
  const { name, signOut } = useAccess()
  const theme = useSetting('theme')
  const times = useSetting('times')
  const shortcuts = useSetting('shortcuts')
  const notifications = useSetting('notifications')
  return (
    <Menu defaultOpen trigger={<IconButton icon="person" label={`Preferences of ${name}`} />}>
      <p className="menu-label">{`Signed in as ${name}`}</p>
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
      {signOut && (
        <>
          <MenuLine />
          <MenuItem onSelect={() => void signOut()}>Sign out</MenuItem>
        </>
      )}
    </Menu>
  )
}
