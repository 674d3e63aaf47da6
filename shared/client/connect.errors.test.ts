import { describe, expect, test, vi } from 'vitest'
import { settle } from '#shared/testing/client/fake-clock.ts'
import { createScript, eventAt } from '#shared/testing/client/scripted-server.ts'

const live = (...offsets: number[]) => ({
  type: 'events',
  ids: ['s1'],
  events: offsets.map((offset) => eventAt(offset)),
})

function subscribed(options: Parameters<typeof createScript>[0] = {}, since?: string) {
  const script = createScript(options)
  const got: string[] = []
  const gaps: string[] = []
  const errors: string[] = []
  const stop = script.tidewire.subscribe(
    { channels: ['a.*'], ...(since !== undefined && { since }) },
    ({ partition, offset }) => got.push(`${partition}:${offset}`),
    { onGap: ({ reason }) => gaps.push(reason), onError: ({ code }) => errors.push(code) },
  )
  return { ...script, script, got, gaps, errors, stop }
}

test('ends a subscription that is refused permanently, and only that one', async () => {
  const { script, opened, errors, clock, tidewire } = subscribed()
  script.tidewire.subscribe({ channels: ['b.*'] }, () => {})
  const socket = await opened()
  await socket.frame({ type: 'error', code: 'forbidden', detail: 'no', id: 's1' })
  await socket.accept('t@e1:0=0', 's2')
  await clock.advance(30_000)
  expect(errors).toEqual(['forbidden'])
  expect(socket.asks()).toHaveLength(2)
  expect(tidewire.state).toBe('live')
})

test('subscribes again after a temporary error', async () => {
  const { opened, errors, clock } = subscribed()
  const socket = await opened()
  await socket.frame({ type: 'error', code: 'unavailable', detail: 'later', id: 's1' })
  await clock.advance(10_000)
  expect(errors).toEqual(['unavailable'])
  expect(socket.asks()).toHaveLength(2)
})

test.each([
  ['they have expired', 'expired'],
  ['an operator closed the connection', 'closed'],
])('reconnects with fresh credentials when %s', async (_, code) => {
  let tokens = 0
  const { script, opened, clock } = subscribed({ credentials: { token: async () => `token ${++tokens}` } })
  script.answer = () => ({ status: 201, body: { ticket: `t${tokens}`, expires: '' } })
  const first = await opened()
  expect(first.url).toBe('ws://localhost/?ticket=t1')
  await first.frame({ type: 'error', code, detail: 'connect again' })
  expect(first.closed).toBe(true)
  await clock.advance(1000)
  expect((await opened()).url).toBe('ws://localhost/?ticket=t2')
  expect(script.requests.map(({ init }) => init?.headers)).toEqual([
    { authorization: 'Bearer token 1' },
    { authorization: 'Bearer token 2' },
  ])
})

test('reports refused credentials, does not poll with them, and continues when they are valid again', async () => {
  const errors: string[] = []
  const script = createScript({
    credentials: { token: async () => 'old' },
    onError: ({ code, detail }) => errors.push(`${code}: ${detail}`),
  })
  const refusal = { title: 'No valid credentials', detail: 'The token has expired.' }
  script.answer = () => ({ status: 401, body: refusal, type: 'application/problem+json' })
  await script.clock.advance(60_000)
  expect(script.sockets).toEqual([])
  expect(errors.length).toBeGreaterThan(3)
  expect(new Set(errors)).toEqual(new Set(['http_401: No valid credentials: The token has expired.']))
  expect(new Set(script.requests.map(({ url }) => url.pathname))).toEqual(new Set(['/tickets']))
  expect(script.tidewire.state).toBe('connecting')

  script.answer = () => ({ status: 201, body: { ticket: 'one', expires: '' } })
  await script.clock.advance(30_000)
  await script.opened()
  expect(script.last().url).toBe('ws://localhost/?ticket=one')
  expect(script.tidewire.state).toBe('live')
})

test('polls if it cannot get a ticket for another reason', async () => {
  const errors: string[] = []
  const onError = ({ code }: { code: string }) => errors.push(code)
  const { script, tidewire } = subscribed({ credentials: { token: async () => 'good' }, onError })
  script.answer = ({ pathname }) =>
    pathname === '/tickets'
      ? { status: 503, body: {} }
      : { body: { events: [], cursor: 't@e1:0=0', recovered: true } }
  await script.clock.advance(16_000)
  expect(tidewire.state).toBe('polling')
  expect(new Set(errors)).toEqual(new Set(['http_503']))
})

test('ignores unknown frames and text that is not a frame', async () => {
  const { opened, got, tidewire } = subscribed()
  const socket = await opened()
  await socket.frame({ type: 'weather', events: 1 })
  await socket.frame({ type: 'events', ids: ['s1'], events: [{ topic: 't' }] })
  await socket.frame({ type: 'subscribed', id: 's1', attempt: 1, cursor: '?!', recovered: true })
  await socket.accept()
  await socket.frame(live(1))
  expect(got).toEqual(['0:1'])
  expect(tidewire.state).toBe('live')
})

test('survives a callback that throws', async () => {
  const script = createScript()
  const onError = vi.fn()
  const got: number[] = []
  script.tidewire.subscribe(
    { channels: ['a.*'] },
    ({ offset }) => {
      got.push(offset)
      if (offset === 1) throw new Error('of the page')
    },
    { onError },
  )
  const socket = await script.opened()
  await socket.accept()
  await socket.frame(live(1, 2))
  expect(got).toEqual([1, 2])
  expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'callback_failed' }))
})

describe('what a callback of the caller throws is reported, and breaks nothing', () => {
  const sync = () => {
    throw new Error('of the page')
  }
  const later = async () => sync()
  test.each([
    ['throws', sync],
    ['rejects', later],
  ])('if it %s', async (_, fails) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const told: string[] = []
    const onError = ({ code }: { code: string }) => {
      told.push(code)
      return fails()
    }
    const script = createScript({ onError, onReplay: fails })
    const got: number[] = []
    script.tidewire.onState(fails)
    const states: string[] = []
    script.tidewire.onState((state) => states.push(state))
    script.tidewire.subscribe(
      { channels: ['a.*'] },
      ({ offset }) => {
        got.push(offset)
        return fails()
      },
      { onState: fails, onError: fails, onGap: fails },
    )
    const socket = await script.opened()
    await socket.accept()
    await socket.frame({ type: 'replay', replay: 'r', events: [eventAt(1)] })
    await socket.frame(live(1, 2))
    await settle()

    expect(got).toEqual([1, 2])
    expect(states).toContain('live')
    expect(new Set(told)).toEqual(new Set(['callback_failed']))
    expect(printed.mock.calls.map(([, code]) => code)).toContain('callback_failed')
    printed.mockRestore()
  })

  test('a view goes on although its `onChange` throws', async () => {
    const told: string[] = []
    const script = createScript({ onError: ({ code }) => told.push(code) })
    script.answer = () => ({ body: { parts: [], cursor: 't@e1:0=0', next: null } })
    const views = {
      name: 'd',
      views: { v: { description: '', lateEvents: '', channels: ['a.*'], initial: () => 0, apply: () => 0 } },
    }
    const view = script.tidewire.view(views, 'v', { onChange: sync })
    const socket = await script.opened()
    await socket.accept()

    expect(view.current().status).toBe('live')
    expect(new Set(told)).toEqual(new Set(['callback_failed']))
  })
})

test('does not call the callback after stop, not even for the rest of a frame', async () => {
  const script = createScript()
  const got: number[] = []
  const stop = script.tidewire.subscribe({ channels: ['a.*'] }, ({ offset }) => {
    got.push(offset)
    stop()
  })
  const socket = await script.opened()
  await socket.accept()
  await socket.frame(live(1, 2))
  expect(got).toEqual([1])
  expect(socket.sent.at(-1)).toEqual({ action: 'unsubscribe', id: 's1' })
})

test.each([
  ['a replayed event', { attempt: 1, replay: true }],
  ['a live event', {}],
])('leaves no timer running if the callback closes the client at %s', async (_, kind) => {
  const script = createScript({ storage: { getItem: () => null, setItem: () => {} } })
  script.tidewire.subscribe({ channels: ['a.*'], since: 'earliest' }, () => script.tidewire.close(), {
    key: 'k',
  })
  const socket = await script.opened()
  await socket.frame({ ...live(1), ...kind })
  await socket.accept()
  expect(script.tidewire.state).toBe('closed')
  expect(script.clock.pending()).toBe(0)
})

test('refuses the 51st subscription and any after close', () => {
  const { tidewire } = createScript()
  for (let n = 0; n < 50; n++) tidewire.subscribe({ channels: ['a'] }, () => {})
  expect(() => tidewire.subscribe({ channels: ['a'] }, () => {})).toThrow('at most 50')
  tidewire.close()
  expect(tidewire.state).toBe('closed')
  expect(() => tidewire.subscribe({ channels: ['a'] }, () => {})).toThrow('closed')
})
