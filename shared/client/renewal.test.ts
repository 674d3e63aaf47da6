import { expect, test } from 'vitest'
import { createScript } from '#shared/testing/client/scripted-server.ts'

const LIFE_MS = 600_000

/** A client whose token lives for ten minutes, on an open line; `tokens` are given one after another. */
async function openWithToken(tokens: readonly string[]) {
  let given = 0
  const token = async () => tokens[Math.min(given++, tokens.length - 1)] ?? ''
  const script = createScript({ credentials: { token }, pingMs: 10 * LIFE_MS })
  const at = (ms: number) => new Date(ms).toISOString()
  script.answer = () => ({
    status: 201,
    body: { ticket: 't', expires: '', credentialExpires: at(script.clock.now() + LIFE_MS) },
  })
  const stop = script.tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const socket = await script.opened()
  await socket.accept()
  const refreshes = () =>
    socket.sent.flatMap((message) => (message.action === 'refresh' ? [message.token] : []))
  const renewed = (forMs: number) =>
    socket.frame({ type: 'refreshed', expires: at(script.clock.now() + forMs) })
  return { script, socket, refreshes, renewed, stop, clock: script.clock }
}

test('a line gets a new token in the last minute of the old one, and again when that one ends, without a drop', async () => {
  const { script, socket, refreshes, renewed, clock } = await openWithToken(['one', 'two', 'three'])

  await clock.advance(LIFE_MS - 60_000)
  expect(refreshes()).toEqual([])
  await clock.advance(20_000)
  expect(refreshes()).toEqual(['two'])
  await renewed(LIFE_MS)
  await clock.advance(LIFE_MS - 60_000)
  expect(refreshes()).toEqual(['two'])
  await clock.advance(20_000)

  expect(refreshes()).toEqual(['two', 'three'])
  expect([script.sockets.length, socket.closed]).toEqual([1, false])
})

test('it is tried again while the token is still the old one, or there is no answer', async () => {
  const { refreshes, renewed, clock } = await openWithToken(['one', 'one', 'two'])
  await clock.advance(LIFE_MS - 40_000)
  expect(refreshes()).toEqual(['one'])
  await renewed(40_000) // the end of the same token
  await clock.advance(10_000)

  expect(refreshes()).toEqual(['one', 'two'])
})

test('a line whose credential ended is closed by the server, and the client connects again', async () => {
  const { script, socket, clock } = await openWithToken(['one'])
  await clock.advance(LIFE_MS - 40_000)
  await socket.frame({ type: 'error', code: 'expired', detail: 'connect again' })
  await clock.advance(1000)

  expect(socket.closed).toBe(true)
  expect(script.sockets).toHaveLength(2)
})

test.each(['unauthenticated', 'forbidden'])(
  'a refresh that is refused as %s ends the line, because another ticket tells what is wrong',
  async (code) => {
    const { script, socket, clock } = await openWithToken(['one', 'two'])
    await clock.advance(LIFE_MS - 40_000)
    await socket.frame({ type: 'error', code, detail: 'no' })
    await clock.advance(1000)

    expect(socket.closed).toBe(true)
    expect(script.sockets).toHaveLength(2)
  },
)

test('nothing is sent once the client is closed, nor with a key', async () => {
  const { script, refreshes, clock } = await openWithToken(['one', 'two'])
  script.tidewire.close()
  await clock.advance(2 * LIFE_MS)
  expect(refreshes()).toEqual([])

  const keyed = createScript({ pingMs: 10 * LIFE_MS })
  keyed.tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const socket = await keyed.opened()
  await keyed.clock.advance(LIFE_MS)
  expect(socket.sent.filter(({ action }) => action === 'refresh')).toEqual([])
})

test('a callback for credentials that hangs, throws at once or gives no promise is told, and called again', async () => {
  const given: (() => Promise<string>)[] = [
    async () => 'one',
    () => new Promise(() => {}),
    () => {
      throw new Error('no provider')
    },
    (() => 'not a promise') as unknown as () => Promise<string>,
  ]
  const told: string[] = []
  const script = createScript({
    credentials: { token: () => (given.shift() ?? (async () => 'last'))() },
    onError: ({ code, detail }) => told.push(`${code}: ${detail}`),
    pingMs: 10 * LIFE_MS,
  })
  const at = (ms: number) => new Date(ms).toISOString()
  script.answer = () => ({
    status: 201,
    body: { ticket: 't', expires: '', credentialExpires: at(script.clock.now() + LIFE_MS) },
  })
  script.tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const socket = await script.opened()
  await socket.accept()
  await script.clock.advance(LIFE_MS)

  expect(told.sort()).toEqual([
    'credentials_failed: no provider',
    'credentials_failed: the callback for credentials took longer than 10 s',
  ])
  expect(socket.sent.filter(({ action }) => action === 'refresh')).toContainEqual({
    action: 'refresh',
    token: 'not a promise',
  })
})

test.each([
  ['hours ahead', 2 * 3_600_000],
  ['hours behind', -2 * 3_600_000],
])('a machine whose time of day is %s renews a token when it ends by the server’s', async (_, skew) => {
  const tokens = ['one', 'two', 'three']
  const script = createScript({
    credentials: { token: async () => tokens.shift() ?? 'more' },
    pingMs: 10 * LIFE_MS,
  })
  const server = (ms: number) => new Date(script.clock.now() - skew + ms).toISOString()
  script.answer = () => ({
    status: 201,
    body: { ticket: 't', expires: server(30_000), credentialExpires: server(LIFE_MS) },
  })
  script.tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const socket = await script.opened()
  await socket.accept()
  const refreshes = () => socket.sent.filter(({ action }) => action === 'refresh').length

  await script.clock.advance(LIFE_MS - 60_000)
  expect(refreshes()).toBe(0)
  await script.clock.advance(25_000)
  expect(refreshes()).toBe(1)
  await socket.frame({ type: 'refreshed', expires: server(LIFE_MS) })
  await script.clock.advance(LIFE_MS - 60_000)
  expect(refreshes()).toBe(1)
  await script.clock.advance(25_000)
  expect(refreshes()).toBe(2)
})
