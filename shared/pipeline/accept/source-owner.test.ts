import { expect, test, vi } from 'vitest'
import { cachedSourceOwner } from './source-owner.ts'

test('the owner of a source is looked up once in a few seconds', async () => {
  let now = 0
  const find = vi.fn(async (source: string) => (source === '/shop' ? 'key:shop' : null))
  const ownerOf = cachedSourceOwner(find, { now: () => now })

  const found = await Promise.all([ownerOf('/shop'), ownerOf('/shop'), ownerOf('/other'), ownerOf('/other')])
  expect(found).toEqual(['key:shop', 'key:shop', null, null])
  expect(find).toHaveBeenCalledTimes(2)

  now += 3000
  expect(await ownerOf('/shop')).toBe('key:shop')
  expect(find).toHaveBeenCalledTimes(3)
})

test('a failed look-up is not kept, and the number of sources is bounded', async () => {
  const find = vi.fn(async (_: string): Promise<string | null> => null)
  find.mockRejectedValueOnce(new Error('no table'))
  const ownerOf = cachedSourceOwner(find, { now: () => 0, maxSources: 2 })

  await expect(ownerOf('/a')).rejects.toThrow('no table')
  for (const source of ['/a', '/b', '/c', '/a']) expect(await ownerOf(source)).toBeNull()
  expect(find).toHaveBeenCalledTimes(5)
})
