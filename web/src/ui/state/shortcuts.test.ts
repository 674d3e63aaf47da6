import { expect, test, vi } from 'vitest'
import { createShortcutRegistry, keyName } from './shortcuts.ts'

function registry() {
  const shortcuts = createShortcutRegistry()
  const add = (keys: string) => {
    const run = vi.fn()
    return { run, remove: shortcuts.add({ keys, label: keys, group: 'Test', run }) }
  }
  return { shortcuts, add }
}

test('a key runs its shortcut, and nothing after that is removed', () => {
  const { shortcuts, add } = registry()
  const { run, remove } = add('a')
  expect(shortcuts.press('a', 0)).toBe(true)
  remove()
  expect(shortcuts.press('a', 1)).toBe(false)
  expect(run).toHaveBeenCalledOnce()
})

test('a sequence needs both keys in time', () => {
  const { shortcuts, add } = registry()
  const { run } = add('g p')
  shortcuts.press('g', 0)
  shortcuts.press('p', 5000)
  expect(run).not.toHaveBeenCalled()
  shortcuts.press('g', 6000)
  shortcuts.press('p', 6200)
  expect(run).toHaveBeenCalledOnce()
})

test('a key after an incomplete sequence still counts by itself', () => {
  const { shortcuts, add } = registry()
  add('g p')
  const { run } = add('a')
  shortcuts.press('g', 0)
  shortcuts.press('a', 10)
  expect(run).toHaveBeenCalledOnce()
})

test('the shortcut registered last has the key', () => {
  const { shortcuts, add } = registry()
  const page = add('Escape')
  const dialog = add('Escape')
  shortcuts.press('Escape', 0)
  expect(dialog.run).toHaveBeenCalledOnce()
  expect(page.run).not.toHaveBeenCalled()
})

test('keys have names, and keys that only modify have none', () => {
  const press = (key: string, others = {}) =>
    keyName({ key, ctrlKey: false, metaKey: false, altKey: false, ...others })
  expect([
    press(' '),
    press('A'),
    press('?'),
    press('k', { metaKey: true }),
    press('k', { ctrlKey: true }),
  ]).toEqual(['Space', 'a', '?', 'Mod+k', 'Mod+k'])
  expect([press('Shift'), press('q', { altKey: true })]).toEqual([null, null])
})
