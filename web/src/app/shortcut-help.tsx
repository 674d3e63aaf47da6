import { useSyncExternalStore } from 'react'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { changeSettings, useSetting } from '#web/ui/state/settings.ts'
import { shortcuts } from '#web/ui/state/shortcuts.ts'
import './shortcut-help.css'

/** All shortcuts of the current page, and the switch that turns them off. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const entries = useSyncExternalStore(shortcuts.subscribe, shortcuts.list)
  const isOn = useSetting('shortcuts')
  const groups = [...new Set(entries.map(({ group }) => group))]
  return (
    <Dialog open title="Keyboard shortcuts" onClose={onClose}>
      <label className="help-switch">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ target }) => changeSettings({ shortcuts: target.checked })}
        />
        Shortcuts are {isOn ? 'on' : 'off'}
      </label>
      <div className="help-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {entries
                .filter((entry) => entry.group === group)
                .map(({ keys, label }) => (
                  <div key={keys}>
                    <dt>
                      <Keys keys={keys} />
                    </dt>
                    <dd>{label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}

const NAMES: Readonly<Record<string, string>> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' }

/** Keys as they are labelled on a keyboard. */
export function Keys({ keys }: { keys: string }) {
  const isMac = navigator.platform.startsWith('Mac')
  return keys
    .replace('Mod+', isMac ? '⌘ ' : 'Ctrl ')
    .split(' ')
    .map((key) => (
      <kbd key={key}>
        {NAMES[key] ?? (key.length === 1 && keys.includes('Mod') ? key.toUpperCase() : key)}
      </kbd>
    ))
}
