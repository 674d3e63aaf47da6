import type { Panel } from '#web/ui/layout/panel.ts'
import type { Shortcut } from '#web/ui/state/shortcuts.ts'

export type PaletteItem = {
  readonly id: string
  readonly title: string
  readonly group: string
  readonly keys?: string
  readonly act: { readonly to: string } | { readonly run: () => void }
}

/** All that the palette offers: places, what panels offer, and every shortcut that works now. */
export function paletteItems(panels: readonly Panel[], shortcuts: readonly Shortcut[]): PaletteItem[] {
  const pages = panels.map(({ name, title, key }) => ({
    ...{ id: `page-${name}`, title: `Go to ${title}`, group: 'Pages', keys: `g ${key}` },
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
      ...{
        id: `run-${keys}`,
        title: label,
        group: group === 'Everywhere' ? 'App' : group,
        keys,
        act: { run },
      },
    }))
  return [...pages, ...commands, ...actions]
}

/** The items whose title or group has every word of the query, those that begin with it first. */
export function filterItems(items: readonly PaletteItem[], query: string): PaletteItem[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found = items.filter(({ title, group }) => {
    const text = `${title} ${group}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const begins = ({ title }: PaletteItem) =>
    Number(title.toLowerCase().startsWith(query.trim().toLowerCase()))
  return found.sort((a, b) => begins(b) - begins(a))
}
