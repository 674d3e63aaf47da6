import { expect, test } from 'vitest'
import { type FairTurns, fairTurns, senderOf, senderOfSocket } from './fair-turns.ts'

/** A clock that passes only where a test says so. */
function manualClock() {
  let time = 0
  const rests: { readonly milliseconds: number; readonly end: () => void }[] = []
  return {
    rests,
    pass(milliseconds: number) {
      time += milliseconds
    },
    clock: {
      now: () => time,
      rest: (milliseconds: number) =>
        new Promise<void>((resolve) => rests.push({ milliseconds, end: resolve })),
    },
  }
}

/** Requests of one sender that begin in turn, and end when they are told to. */
function requestsOf(turns: FairTurns, sender: string, count: number) {
  const running: (() => void)[] = []
  const all = Array.from({ length: count }, () =>
    turns.take(sender, () => new Promise<void>((resolve) => running.push(resolve))),
  )
  /** Ends the oldest one that runs, and lets what follows from it happen. */
  const endOne = async () => {
    running.shift()?.()
    await settle()
  }
  return { running, all, endOne }
}
const settle = async () => {
  for (let round = 0; round < 10; round++) await Promise.resolve()
}

test('at most 4 requests of one sender run at once, in the order in which they came, and none of another waits for them', async () => {
  const { take } = fairTurns()
  const gate = Promise.withResolvers<void>()
  const begun: string[] = []
  const run = (sender: string, name: string) =>
    take(sender, async () => {
      begun.push(name)
      await gate.promise
    })
  const all = Array.from({ length: 20 }, (_, index) => run('flooder', `f${index}`))
  all.push(run('other', 'o'))
  await settle()
  expect(begun).toEqual(['f0', 'f1', 'f2', 'f3', 'o'])

  gate.resolve()
  await Promise.all(all)

  expect(begun.slice(5)).toEqual(Array.from({ length: 16 }, (_, index) => `f${index + 4}`))
})

test('a request that fails gives its turn to the next', async () => {
  const { take } = fairTurns()
  const failing = Array.from({ length: 9 }, () => take('a', () => Promise.reject(new Error('no'))))

  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(Array(9).fill('rejected'))
  expect(await take('a', async () => 'done')).toBe('done')
})

test('a sender that floods while others are here gets one turn at a time, and rests after each twice as long as it took', async () => {
  const { clock, pass, rests } = manualClock()
  const turns = fairTurns(clock)
  const { running, endOne } = requestsOf(turns, 'flooder', 20)
  await settle()
  pass(600)
  turns.meet('other')
  for (let ended = 0; ended < 4; ended++) await endOne()
  expect(running).toHaveLength(0)
  for (const { end } of rests.splice(0)) end()
  await settle()
  expect(running).toHaveLength(1)

  pass(30)
  await endOne()
  expect(running).toHaveLength(0)
  expect(rests.map(({ milliseconds }) => milliseconds)).toEqual([60])
  rests.splice(0)[0]?.end()
  await settle()

  expect(running).toHaveLength(1)
})

test.each([
  ['alone', 600, 2000],
  ['for a moment only', 300, 0],
])('a sender that sends many requests at once %s is not slowed down', async (_, first, second) => {
  const { clock, pass, rests } = manualClock()
  const turns = fairTurns(clock)
  turns.meet('other')
  const { running, endOne } = requestsOf(turns, 'sender', 20)
  await settle()
  pass(first + second)
  await endOne()

  expect(running).toHaveLength(4)
  expect(rests).toEqual([])
})

test('a sender that was slowed down gets all its turns again when nothing of it waits', async () => {
  const { clock, pass, rests } = manualClock()
  const turns = fairTurns(clock)
  const { running, endOne } = requestsOf(turns, 'flooder', 6)
  await settle()
  pass(600)
  turns.meet('other')
  for (let left = 6; left > 0; left--) {
    await endOne()
    for (const { end } of rests.splice(0)) end()
    await settle()
  }
  expect(running).toHaveLength(0)

  const later = requestsOf(turns, 'flooder', 6)
  await settle()

  expect(later.running).toHaveLength(4)
})

test('a line of 200 requests is full, until one of them begins', async () => {
  const turns = fairTurns()
  const { endOne } = requestsOf(turns, 'flooder', 203)
  expect(turns.isFull('flooder')).toBe(false)
  requestsOf(turns, 'flooder', 1)

  expect(turns.isFull('flooder')).toBe(true)
  expect(turns.isFull('other')).toBe(false)
  await settle()
  await endOne()
  expect(turns.isFull('flooder')).toBe(false)
})

test('reads take the turn of their credential, webhooks that of their source, and writes and what is held take none', () => {
  const headers = { 'x-api-key': 'secret' }
  const own = senderOf({ method: 'GET', url: '/events?limit=5', headers })

  expect(own.sender).not.toContain('secret')
  expect(own.needsTurn).toBe(true)
  expect(senderOf({ method: 'GET', url: '/stats', headers })).toEqual(own)
  expect(senderOf({ method: 'GET', url: '/stats', headers: { authorization: 'Bearer x' } })).not.toEqual(own)
  expect(senderOf({ method: 'GET', url: '/health?x', headers: {} }).sender).toBe('/health')
  expect(senderOf({ method: 'POST', url: '/webhooks/github', headers })).toEqual({
    sender: '/webhooks/github',
    needsTurn: true,
  })
  const free = { sender: own.sender, needsTurn: false }
  expect(senderOf({ method: 'POST', url: '/events', headers })).toEqual(free)
  expect(senderOf({ method: 'GET', url: '/events/since?cursor=a&wait=20', headers })).toEqual(free)
})

test('sockets that were opened with one key share its turns, and others have their own', () => {
  const one = senderOfSocket('/?key=secret', 'c1')

  expect(one).not.toContain('secret')
  expect(senderOfSocket('/dev?a=b&key=secret', 'c2')).toBe(one)
  expect(senderOfSocket('/?ticket=t', 'c3')).toBe('socket c3')
})
