import { type KeyboardEvent, useState } from 'react'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { shortcuts } from '#web/ui/state/shortcuts.ts'
import { useGoTo } from '#web/ui/state/use-search-state.ts'
import { filterItems, type PaletteItem, paletteItems } from './palette-items.ts'
import { panels } from './panels.ts'
import { Keys } from './shortcut-help.tsx'
import './palette.css'

type Props = { readonly onClose: () => void; readonly onHelp: () => void }

/** Go anywhere and do anything by typing a part of its name. */
export function Palette({ onClose }: Props) {
  const goTo = useGoTo()
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
    else requestAnimationFrame(act.run) // once the dialog has given the focus back
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
          {found.length === 0 ? 'Nothing has this name. Try another word.' : ''}
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
