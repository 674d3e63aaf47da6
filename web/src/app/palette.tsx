import { type KeyboardEvent, useState } from 'react'
import { foldText } from '#shared/core/text/fold-text.ts'
import type { Panel } from '#web/ui/layout/panel.ts'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { type Shortcut, shortcuts } from '#web/ui/state/shortcuts.ts'
import { useGoTo } from '#web/ui/state/use-search-state.ts'
import { usePanels } from './panels.ts'
import { Keys } from './shortcut-help.tsx'
import './palette.css'

/** The command palette: opens a page or runs an action by a part of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const goTo = useGoTo()
  const panels = usePanels()
  const [items] = useState(() => paletteItems(panels, shortcuts.list()))
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const found = filterItems(items, query)
  const chosen = found[Math.min(active, found.length - 1)]

  function perform(item: PaletteItem | undefined) {
    if (!item) return
    onClose()
    const { act } = item
    if ('to' in act) goTo(act.to)
    else requestAnimationFrame(act.run) // after the dialog has returned the focus
  }
  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined)
      setActive((Math.min(active, found.length - 1) + step + found.length) % found.length)
    else if (event.key === 'Enter') perform(chosen)
    else return
    event.preventDefault()
  }
  return (
    <Dialog open title="Command palette" shape="palette" onClose={onClose}>
      <div className="palette">
        <input
          className="palette-input"
          type="text"
          role="combobox"
          aria-label="Go to a page, or do something"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={chosen ? `palette-${chosen.id}` : undefined}
          placeholder="Go to a page, or do something"
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={({ target }) => {
            setQuery(target.value)
            setActive(0)
          }}
          onKeyDown={onKeyDown}
        />
        <div className="palette-list" id="palette-list" role="listbox" tabIndex={-1} aria-label="Commands">
          {found.map((item) => (
            <Option key={item.id} item={item} isActive={item === chosen} onChoose={() => perform(item)} />
          ))}
        </div>
        <p className="palette-none" role="status">
          {found.length === 0 ? 'No command has this name. Try another word.' : ''}
        </p>
      </div>
    </Dialog>
  )
}

type OptionProps = { readonly item: PaletteItem; readonly isActive: boolean; readonly onChoose: () => void }

function Option({ item, isActive, onChoose }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the text field keeps the focus and names the active option
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the text field
    <div
      id={`palette-${item.id}`}
      className="palette-option"
      role="option"
      aria-selected={isActive}
      ref={(element) => {
        if (isActive) element?.scrollIntoView({ block: 'nearest' })
      }}
      onClick={onChoose}
    >
      <span>{item.title}</span>
      <span className="palette-group">{item.group}</span>
      {item.keys && <Keys keys={item.keys} />}
    </div>
  )
}

export type PaletteItem = {
  readonly id: string
  readonly title: string
  readonly group: string
  readonly keys?: string
  readonly act: { readonly to: string } | { readonly run: () => void }
}

/** The items of the palette: pages, the commands of panels, and the shortcuts of the current page. */
export function paletteItems(panels: readonly Panel[], shortcuts: readonly Shortcut[]): PaletteItem[] {
  const pages = panels.map(({ name, title, key }) => ({
    id: `page-${name}`,
    title: `Go to ${title}`,
    group: 'Pages',
    keys: `g ${key}`,
    act: { to: `/${name}` },
  }))
  const commands = panels.flatMap(({ title, commands: offered = [] }) =>
    offered.map((command) => ({
      id: `to-${command.to}`,
      title: command.title,
      group: title,
      act: { to: command.to },
    })),
  )
  const actions = shortcuts
    .filter(({ keys }) => !keys.startsWith('g ') && keys !== 'Mod+k' && keys !== 'Escape')
    .map(({ keys, label, group, run }) => ({
      id: `run-${keys}`,
      title: label,
      group: group === 'Everywhere' ? 'App' : group,
      keys,
      act: { run },
    }))
  return [...pages, ...commands, ...actions]
}

/** Returns the items whose title or group contains every word of the query, those that start with it first. */
export function filterItems(items: readonly PaletteItem[], query: string): PaletteItem[] {
  const words = foldText(query).split(/\s+/).filter(Boolean)
  const found = items.filter(({ title, group }) => {
    const text = foldText(`${title} ${group}`)
    return words.every((word) => text.includes(word))
  })
  const begins = ({ title }: PaletteItem) => Number(foldText(title).startsWith(foldText(query.trim())))
  return found.sort((a, b) => begins(b) - begins(a))
}
