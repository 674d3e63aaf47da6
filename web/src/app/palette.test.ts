import { expect, test } from 'vitest'
import type { Panel } from '#web/ui/layout/panel.ts'
import { filterItems, paletteItems } from './palette.tsx'

const panel: Panel = {
  name: 'port',
  title: 'Port operations',
  short: 'Port',
  icon: 'anchor',
  group: 'domains',
  key: 'p',
  pages: [],
  commands: [{ title: 'Create an event', to: '/port?create=1' }],
}
const shortcut = (keys: string, label: string) => ({ keys, label, group: 'Feed', run: () => {} })
const items = paletteItems(
  [panel],
  [shortcut('a', 'Acknowledge'), shortcut('g p', 'Go to Port operations'), shortcut('Mod+k', 'Palette')],
)

test('offers pages, the commands of panels, and shortcuts that do not open pages', () => {
  expect(items.map(({ title }) => title)).toEqual(['Go to Port operations', 'Create an event', 'Acknowledge'])
})

test('finds words in any order, in titles and groups', () => {
  expect(filterItems(items, 'event port').map(({ title }) => title)).toEqual(['Create an event'])
  expect(filterItems(items, 'nothing like it')).toEqual([])
})

test('lists first what starts with the query', () => {
  const [first] = filterItems(items, 'a')
  expect(first?.title).toBe('Acknowledge')
})
