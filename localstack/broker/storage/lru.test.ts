import { expect, it } from 'vitest'
import { createLru } from './lru.ts'

it('keeps the values that were used last and disposes of the others', () => {
  const disposed: string[] = []
  const lru = createLru<string>(2, (value) => disposed.push(value))

  for (const key of ['a', 'b', 'a', 'c']) lru.get(key, () => key)
  lru.delete('c')
  lru.delete('unknown')

  expect(disposed).toEqual(['b', 'c'])
  expect(lru.get('a', () => 'made again')).toBe('a')
})
