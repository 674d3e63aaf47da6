import { expect, test } from 'vitest'
import { createScript, eventAt } from '#shared/testing/client/scripted-server.ts'
import type { CursorStorage } from './connect.ts'

function subscribed(storage: CursorStorage) {
  const script = createScript({ storage })
  script.tidewire.subscribe({ channels: ['a.*'] }, () => {}, { key: 'feed' })
  return script
}
const live = (offset: number) => ({ type: 'events', ids: ['s1'], events: [eventAt(offset)] })

test('stores the cursor at most once a second and on close, and resumes from it', async () => {
  const kept = new Map<string, string>()
  const writes: string[] = []
  const storage: CursorStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => {
      writes.push(value)
      kept.set(key, value)
    },
  }
  const first = subscribed(storage)
  const socket = await first.opened()
  await socket.accept('t@e1:0=1')
  for (const offset of [2, 3, 4]) await socket.frame(live(offset))
  expect(writes).toEqual([])
  await first.clock.advance(1000)
  await socket.frame(live(5))
  first.tidewire.close()
  expect(writes).toEqual(['t@e1:0=4', 't@e1:0=5'])
  const second = subscribed(storage)
  expect((await second.opened()).asks()).toMatchObject([{ since: 't@e1:0=5' }])
  kept.set('feed', 'x@broken')
  const third = subscribed(storage)
  expect((await third.opened()).asks()).toMatchObject([{ since: 'latest' }])
})

test.each<[string, () => unknown]>([
  ['a promise that rejects', () => Promise.reject(new Error('no storage'))],
  ['a promise that never settles', () => new Promise(() => {})],
  ['an object', () => ({})],
  ['a number', () => 5],
  ['nothing', () => undefined],
])('a storage that returns %s begins at "since", and no rejection is left', async (_, getItem) => {
  const storage = { getItem, setItem: getItem } as unknown as CursorStorage
  const socket = await subscribed(storage).opened()
  expect(socket.asks()).toMatchObject([{ since: 'latest' }])
})
