import { expect, test } from 'vitest'
import { fairTurns, senderOf, senderOfSocket } from './fair-turns.ts'

test('at most 4 requests of one sender run at once, in the order in which they came, and none of another waits for them', async () => {
  const inTurn = fairTurns()
  const gate = Promise.withResolvers<void>()
  const begun: string[] = []
  const run = (sender: string | null, name: string) =>
    inTurn(sender, async () => {
      begun.push(name)
      await gate.promise
    })
  const all = Array.from({ length: 20 }, (_, index) => run('flooder', `f${index}`))
  all.push(run('other', 'o'), run(null, 'n'))
  expect(begun).toEqual(['f0', 'f1', 'f2', 'f3', 'o', 'n'])

  gate.resolve()
  await Promise.all(all)

  expect(begun.slice(6)).toEqual(Array.from({ length: 16 }, (_, index) => `f${index + 4}`))
})

test('a request that fails gives its turn to the next', async () => {
  const inTurn = fairTurns()
  const failing = Array.from({ length: 9 }, () => inTurn('a', () => Promise.reject(new Error('no'))))

  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(Array(9).fill('rejected'))
  expect(await inTurn('a', async () => 'done')).toBe('done')
})

test('reads take the turn of their credential, webhooks that of their source, and writes and what is held take none', () => {
  const headers = { 'x-api-key': 'secret' }
  const own = senderOf({ method: 'GET', url: '/events?limit=5', headers })

  expect(own).not.toContain('secret')
  expect(senderOf({ method: 'GET', url: '/stats', headers })).toBe(own)
  expect(senderOf({ method: 'GET', url: '/stats', headers: { authorization: 'Bearer x' } })).not.toBe(own)
  expect(senderOf({ method: 'GET', url: '/health?x', headers: {} })).toBe('/health')
  expect(senderOf({ method: 'POST', url: '/webhooks/github', headers })).toBe('/webhooks/github')
  expect(senderOf({ method: 'POST', url: '/events', headers })).toBeNull()
  expect(senderOf({ method: 'GET', url: '/events/since?cursor=a&wait=20', headers })).toBeNull()
})

test('sockets that were opened with one key share its turns, and others have their own', () => {
  const one = senderOfSocket('/?key=secret', 'c1')

  expect(one).not.toContain('secret')
  expect(senderOfSocket('/dev?a=b&key=secret', 'c2')).toBe(one)
  expect(senderOfSocket('/?ticket=t', 'c3')).toBe('c3')
})
