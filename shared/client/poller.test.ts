import { expect, test } from 'vitest'
import { settle } from '#shared/testing/client/fake-clock.ts'
import { type Answer, createScript, eventAt } from '#shared/testing/client/scripted-server.ts'
import type { TidewireState } from './connect.ts'

const page = (offsets: number[], cursor: string, category = 'a.x') => ({
  body: { events: offsets.map((offset) => eventAt(offset, 0, category)), cursor, recovered: true },
})
const HOUR = 3_600_000
const isHeld = (url: URL) => url.searchParams.has('wait')
const query = (url: URL) => Object.fromEntries(url.searchParams)

/** Counts the listeners that each abort signal has from now on. `stop` returns the maximum. */
function countListeners() {
  const { addEventListener: add, removeEventListener: remove } = AbortSignal.prototype
  const listening = new Map<AbortSignal, Set<unknown>>()
  AbortSignal.prototype.addEventListener = function (...args: Parameters<typeof add>) {
    listening.set(this, (listening.get(this) ?? new Set()).add(args[1]))
    return add.apply(this, args)
  }
  AbortSignal.prototype.removeEventListener = function (...args: Parameters<typeof remove>) {
    listening.get(this)?.delete(args[1])
    return remove.apply(this, args)
  }
  return {
    stop: () => {
      Object.assign(AbortSignal.prototype, { addEventListener: add, removeEventListener: remove })
      return Math.max(...[...listening.values()].map(({ size }) => size))
    },
  }
}

/** A client whose sockets are refused, on a server that holds requests until `release` is called. */
async function startPolling(channels = [['a.*']]) {
  const script = createScript({ onError: ({ code }) => errors.push(code) })
  const errors: string[] = []
  const states: TidewireState[] = []
  const got = channels.map(() => [] as number[])
  script.tidewire.onState((state) => states.push(state))
  const stops = channels.map((own, index) =>
    script.tidewire.subscribe({ channels: own }, ({ offset }) => got[index]?.push(offset)),
  )
  let release = (_: Answer) => {}
  script.answer = (url) =>
    isHeld(url) ? new Promise((resolve) => (release = resolve)) : page([], 't@e1:0=5')
  for (let failure = 0; failure < 3; failure++) {
    await script.clock.advance(failure * 1000)
    await script.last().cut()
  }
  await settle()
  const held = () => script.requests.filter(({ url }) => isHeld(url))
  const answer = async (with_: Answer) => {
    release(with_)
    await settle()
  }
  return { script, got, states, errors, stops, held, answer }
}

test('gets an event as soon as the server has it, and asks again a second after the last time', async () => {
  const { script, got, held, answer } = await startPolling()
  expect(held().map(({ url }) => query(url))).toEqual([
    { channel: 'a.*', limit: '500', cursor: 't@e1:0=5', wait: '20' },
  ])
  await script.clock.advance(300)
  await answer(page([6], 't@e1:0=6'))
  expect(got).toEqual([[6]])
  await script.clock.advance(699)
  expect(held()).toHaveLength(1)
  await script.clock.advance(1)
  expect(held().map(({ url }) => query(url).cursor)).toEqual(['t@e1:0=5', 't@e1:0=6'])
})

test('never has two requests, however long one is held, and asks again at once after a quiet one', async () => {
  const { script, held, answer } = await startPolling()
  for (let turn = 1; turn <= 5; turn++) {
    await script.clock.advance(20_000)
    expect(held()).toHaveLength(turn)
    await answer(page([], `t@e1:0=${5 + turn}`))
    await script.clock.advance(0)
  }
  expect(held()).toHaveLength(6)
  expect(script.requests.filter(({ url }) => url.pathname === '/events/since')).toHaveLength(7)
})

test('gives up a request that is held longer than the wait and the time of an answer', async () => {
  const { script, held, errors } = await startPolling()
  await script.clock.advance(49_999)
  expect(held()).toHaveLength(1)
  await script.clock.advance(1)
  expect(held()[0]?.init?.signal?.aborted).toBe(true)
  // The sockets of this server do not open either.
  expect(errors.filter((code) => code !== 'connect_failed')).toEqual(['unreachable'])
})

test('tries again with pauses from 1 to 30 s while requests fail, and holds one when they work', async () => {
  const { script, held, answer, errors } = await startPolling()
  const hold = script.answer
  script.answer = () => ({ status: 503, body: {} })
  const pauses: number[] = []
  await answer({ status: 503, body: {} })
  for (let failure = 0; failure < 7; failure++) {
    const [count, since] = [held().length, script.clock.now()]
    while (held().length === count) await script.clock.advance(100)
    pauses.push((script.clock.now() - since) / 1000)
  }
  expect(pauses).toEqual([0.5, 1, 2, 4, 8, 15, 15]) // half of the bounds, since random is 0.5
  expect(errors.filter((code) => code === 'http_503')).toHaveLength(8)
  script.answer = hold
  await script.clock.advance(15_000)
  const count = held().length
  await script.clock.advance(19_000)
  expect(held()).toHaveLength(count)
})

test('says since when requests fail, until one succeeds or a socket brings something', async () => {
  const { script, answer } = await startPolling()
  expect(script.tidewire.unreachableSince).toBeNull()
  const hold = script.answer
  script.answer = () => ({ status: 503, body: {} })
  await answer({ status: 503, body: {} })
  const since = script.clock.now()
  await script.clock.advance(2000)
  expect(script.tidewire.unreachableSince).toBe(since)
  script.answer = hold
  await script.clock.advance(4000)
  await answer(page([6], 't@e1:0=6'))
  expect(script.tidewire.unreachableSince).toBeNull()
})

test('reads for all subscriptions in one request, and gives each what is its own', async () => {
  const { got, held, answer } = await startPolling([['a.*'], ['b.*', 'a.*']])
  expect(held().map(({ url }) => query(url).channel)).toEqual(['a.*,b.*'])
  const both = page([6], 't@e1:0=7')
  await answer({ body: { ...both.body, events: [...both.body.events, eventAt(7, 0, 'b.x')] } })
  expect(got).toEqual([[6], [6, 7]])
})

test('a subscription that comes or goes ends the request that is held, and the next one is for those that are left', async () => {
  const { script, held, stops } = await startPolling()
  script.tidewire.subscribe({ channels: ['b.*'] }, () => {})
  await settle()
  expect(held().map(({ url, init }) => [query(url).channel, init?.signal?.aborted])).toEqual([
    ['a.*', true],
    ['a.*,b.*', false],
  ])
  stops[0]?.()
  await settle()
  expect(held().map(({ url, init }) => [query(url).channel, init?.signal?.aborted])).toEqual([
    ['a.*', true],
    ['a.*,b.*', true],
    ['b.*', false],
  ])
})

test('hands over to a socket without a loss or a repeat, and ends the request that is held', async () => {
  const { script, got, states, held, answer } = await startPolling()
  await answer(page([6], 't@e1:0=6'))
  await script.clock.advance(1000)
  while (script.last().closed) await script.clock.advance(500)
  const socket = await script.opened()
  expect(socket.asks()).toMatchObject([{ since: 't@e1:0=6' }])
  await answer(page([7], 't@e1:0=7')) // while the socket replays the same event
  await script.clock.advance(1000)
  await socket.frame({ type: 'events', ids: ['s1'], attempt: 1, replay: true, events: [eventAt(7)] })
  await socket.accept('t@e1:0=7')
  await socket.frame({ type: 'events', ids: ['s1'], events: [eventAt(8)] })
  const count = script.requests.length
  await script.clock.advance(60_000)
  expect(got).toEqual([[6, 7, 8]])
  expect(script.requests).toHaveLength(count)
  expect(held().at(-1)?.init?.signal?.aborted).toBe(true)
  expect(states).toEqual(['polling', 'live'])
})

test('a machine that wakes up ends the request that is held: its connection is most likely dead', async () => {
  const { script, held } = await startPolling()
  await script.clock.advance(1000)
  script.clock.sleep(HOUR)
  await script.clock.advance(5000)
  expect(held().map(({ init }) => init?.signal?.aborted)).toEqual([true, false])
})

test.each([-HOUR, HOUR])('polls on at its pace although the time of day is set by %d ms', async (byMs) => {
  const { script, held, answer } = await startPolling()
  await script.clock.advance(300)
  script.clock.set(byMs)
  await answer(page([6], 't@e1:0=6'))
  await script.clock.advance(1000)
  expect(held()).toHaveLength(2)
  await script.clock.advance(10_000)
  expect(held()).toHaveLength(2)
})

test('keeps nothing of the requests that are over, however long it polls', async () => {
  const { script, held, answer } = await startPolling()
  const listeners = countListeners()
  for (let turn = 0; turn < 100; turn++) {
    await answer(page([6 + turn], `t@e1:0=${6 + turn}`))
    await script.clock.advance(1000)
  }
  expect(held()).toHaveLength(101)
  expect(listeners.stop()).toBeLessThanOrEqual(3)
})

test('close ends the request that is held, and leaves no timer', async () => {
  const { script, held } = await startPolling()
  script.tidewire.close()
  await settle()
  expect(held().map(({ init }) => init?.signal?.aborted)).toEqual([true])
  await script.clock.advance(60_000)
  expect(held()).toHaveLength(1)
  expect(script.clock.pending()).toBe(0)
})

test('polls every 30 s where `wait` is refused, as by an older server, and ends nothing', async () => {
  const { script, got, answer, errors, states } = await startPolling()
  const refusal = { status: 400, body: { title: 'Unknown' }, type: 'application/problem+json' }
  script.answer = (url) => (isHeld(url) ? refusal : page([6], 't@e1:0=6'))
  await answer(refusal)
  await script.clock.advance(29_999)
  expect(got).toEqual([[]])
  await script.clock.advance(1)
  expect(got).toEqual([[6]])
  expect([errors.includes('http_400'), states]).toEqual([false, ['polling']])
})

test('a subscription that cannot read does not keep the others from reading', async () => {
  const { script, got } = await startPolling([['a.*'], ['broken.*']])
  let offset = 5
  script.answer = (url) =>
    query(url).channel === 'broken.*' ? { status: 500, body: {} } : page([++offset], `t@e1:0=${offset}`)
  script.tidewire.subscribe({ channels: ['broken.*'] }, () => {}, { onError: () => {} })
  await script.clock.advance(30_000)
  expect(got[0]?.length).toBeGreaterThan(3)
})
