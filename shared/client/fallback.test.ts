import { expect, test } from 'vitest'
import { settle } from '#shared/testing/client/fake-clock.ts'
import { createScript, eventAt, type Script } from '#shared/testing/client/scripted-server.ts'
import type { TidewireState } from './connect.ts'

const page = (offsets: number[], cursor: string, rest = {}) => ({
  body: { events: offsets.map((offset) => eventAt(offset)), cursor, recovered: true, ...rest },
})
const problem = (status: number) => ({
  status,
  body: { title: 'No', detail: 'really' },
  type: 'application/problem+json',
})
const live = (...offsets: number[]) => ({
  type: 'events',
  ids: ['s1'],
  events: offsets.map((o) => eventAt(o)),
})
const cursorOf = (url: URL) => url.searchParams.get('cursor')
const waitOf = (url: URL) => url.searchParams.get('wait')
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

type Options = Parameters<typeof createScript>[0] & { since?: string; key?: string }

function subscribed({ since, key, ...options }: Options = {}) {
  const script = createScript(options)
  const got: number[] = []
  const gaps: string[] = []
  const errors: string[] = []
  const states: TidewireState[] = []
  script.tidewire.onState((state) => states.push(state))
  script.tidewire.subscribe(
    { channels: ['a.*'], ...(since !== undefined && { since }) },
    ({ offset }) => got.push(offset),
    {
      onGap: ({ reason }) => gaps.push(reason),
      onError: ({ code }) => errors.push(code),
      ...(key !== undefined && { key }),
    },
  )
  return { script, got, gaps, errors, states }
}

/** Opens the next socket and responds to its `subscribe` with `too_far`. */
async function openTooFar(script: Script) {
  const socket = await script.opened()
  const attempt = socket.asks().at(-1)?.attempt
  await socket.frame({
    type: 'subscribed',
    id: 's1',
    attempt,
    cursor: 't@e1:0=9',
    recovered: false,
    reason: 'too_far',
  })
  return socket
}

/** Loses three sockets in a row. */
async function failSockets({ clock, last }: Script) {
  for (let failure = 0; failure < 3; failure++) {
    await clock.advance(failure * 1000)
    await last().cut()
  }
  await settle()
}

test('catches up over HTTP if it is too far behind, and then continues over the socket', async () => {
  const { script, got, states } = subscribed({ since: 't@e1:0=0' })
  const pages: Record<string, ReturnType<typeof page>> = {
    't@e1:0=0': page([1, 2], 't@e1:0=4'),
    't@e1:0=4': page([], 't@e1:0=6'),
    't@e1:0=6': page([], 't@e1:0=6'),
  }
  script.answer = (url) => pages[cursorOf(url) ?? ''] ?? { status: 500, body: {} }
  const socket = await openTooFar(script)
  await settle()
  expect(script.requests.map(({ url }) => cursorOf(url))).toEqual(['t@e1:0=0', 't@e1:0=4', 't@e1:0=6'])
  expect(script.requests[0]?.init?.headers).toEqual({ 'x-api-key': 'key' })
  expect(socket.asks().at(-1)).toMatchObject({ attempt: 2, since: 't@e1:0=6' })
  await socket.accept('t@e1:0=6')
  expect(states).toEqual(['recovering', 'live'])
  expect(got).toEqual([1, 2])
})

test('applies no live frame while it catches up', async () => {
  const { script, got } = subscribed({ since: 't@e1:0=0' })
  let release = (_: ReturnType<typeof page>) => {}
  script.answer = () => new Promise((resolve) => (release = resolve))
  const socket = await openTooFar(script)
  await socket.frame(live(9))
  await settle()
  script.answer = () => page([], 't@e1:0=3')
  release(page([1, 3], 't@e1:0=3'))
  await settle()
  await socket.frame({ type: 'events', ids: ['s1'], attempt: 2, replay: true, events: [eventAt(9)] })
  expect(got).toEqual([1, 3, 9])
})

test('uses the socket again although the head of a busy log never stops', async () => {
  const { script } = subscribed({ since: 't@e1:0=0' })
  script.answer = (url) => page([], `t@e1:0=${Number(cursorOf(url)?.split('=')[1]) + 1}`)
  const socket = await openTooFar(script)
  await settle()
  expect(socket.asks().at(-1)).toMatchObject({ attempt: 2, since: 't@e1:0=3' })
})

test('retries pages with backoff, and ends the subscription on a refusal', async () => {
  const { script, errors, states } = subscribed({ since: 't@e1:0=0' })
  script.answer = () => ({ status: 503, body: {} })
  await openTooFar(script)
  await script.clock.advance(500)
  expect(script.requests).toHaveLength(2)
  script.answer = () => problem(422)
  await script.clock.advance(30_000)
  expect(script.requests).toHaveLength(3)
  expect(errors).toEqual(['http_503', 'http_503', 'http_422'])
  expect(states.at(-1)).toBe('live')
})

test('reports a gap that HTTP detects, and applies the events of the new epoch', async () => {
  const { script, got, gaps } = subscribed({ since: 't@e1:0=50' })
  script.answer = (url) =>
    cursorOf(url) === 't@e1:0=50'
      ? page([0, 1], 't@e2:0=1', { recovered: false, reason: 'epoch' })
      : page([], 't@e2:0=1')
  await openTooFar(script)
  await settle()
  expect(gaps).toEqual(['epoch'])
  expect(got).toEqual([0, 1])
})

test('polls a server that holds no requests every 30 s while sockets fail, and uses a socket again without a loss', async () => {
  const { script, got, states } = subscribed()
  script.answer = () => page([], 't@e1:0=5')
  await failSockets(script)
  expect(script.tidewire.state).toBe('polling')
  expect(script.requests.map(({ url }) => [cursorOf(url), waitOf(url)])).toEqual([
    [null, null],
    ['t@e1:0=5', '20'],
  ])
  await script.clock.advance(29_999)
  expect(script.requests).toHaveLength(2)
  script.answer = () => page([6], 't@e1:0=6')
  await script.clock.advance(1)
  expect(got).toEqual([6])
  script.answer = () => page([], 't@e1:0=6')
  while (script.last().closed) await script.clock.advance(1000)
  const socket = await script.opened()
  expect(socket.asks()).toMatchObject([{ since: 't@e1:0=6' }])
  await socket.accept('t@e1:0=6')
  await socket.frame(live(7))
  const before = script.requests.length
  await script.clock.advance(9_000)
  await script.clock.advance(40_000)
  expect(script.requests).toHaveLength(before)
  expect(got).toEqual([6, 7])
  expect(states).toEqual(['polling', 'live'])
})

test('polls if sockets open but the server never responds', async () => {
  const { script } = subscribed()
  await script.opened()
  await script.clock.advance(14_999)
  expect(script.tidewire.state).toBe('connecting')
  await script.clock.advance(1)
  expect(script.tidewire.state).toBe('polling')
})

test('reads the next page at once while pages are full', async () => {
  const { script, got } = subscribed({ since: 't@e1:0=0' })
  script.answer = (url) =>
    cursorOf(url) === 't@e1:0=0' ? page(range(1, 500), 't@e1:0=500') : page([501], 't@e1:0=501')
  await failSockets(script)
  await settle()
  expect(got).toHaveLength(501)
  expect(script.requests[0]?.url.searchParams.get('limit')).toBe('500')
})

test('does not skip events of the socket because of a late page for "latest"', async () => {
  const { script, got } = subscribed()
  let release = (_: ReturnType<typeof page>) => {}
  script.answer = () => new Promise((resolve) => (release = resolve))
  await failSockets(script)
  await script.clock.advance(5000)
  const socket = await script.opened()
  await socket.accept('t@e1:0=5')
  release(page([], 't@e1:0=8'))
  await settle()
  await socket.frame(live(6, 7, 8))
  expect(got).toEqual([6, 7, 8])
})

test('does not skip events of a page because of a late "subscribed" for "latest"', async () => {
  const { script } = subscribed()
  script.answer = () => page([], 't@e1:0=5')
  const socket = await script.opened()
  await script.clock.advance(15_000)
  await socket.frame({ type: 'subscribed', id: 's1', attempt: 2, cursor: 't@e1:0=8', recovered: true })
  expect(socket.asks().at(-1)).toMatchObject({ attempt: 3, since: 't@e1:0=5' })
})
