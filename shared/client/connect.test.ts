import { expect, test } from 'vitest'
import { createScript, eventAt } from '#shared/testing/client/scripted-server.ts'

const live = (events: object[], ids = ['s1']) => ({ type: 'events', ids, events })
const replay = (attempt: number, events: object[], id = 's1') => ({
  type: 'events',
  ids: [id],
  attempt,
  replay: true,
  events,
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

test('subscribes on opening and delivers live events', async () => {
  const { opened, got, tidewire } = subscribed()
  expect(tidewire.state).toBe('connecting')
  const socket = await opened()
  expect(socket.url).toBe('ws://localhost/?key=key')
  expect(socket.sent).toEqual([
    { action: 'subscribe', id: 's1', attempt: 1, channels: ['a.*'], since: 'latest' },
  ])
  await socket.accept()
  await socket.frame(live([eventAt(1), eventAt(2)]))
  expect(got).toEqual(['0:1', '0:2'])
  expect(tidewire.state).toBe('live')
})

test('buffers live frames until subscribed, and applies replay frames at once', async () => {
  const { opened, got } = subscribed({}, 't@e1:0=0')
  const socket = await opened()
  await socket.frame(live([eventAt(3)]))
  expect(got).toEqual([])
  await socket.frame(replay(1, [eventAt(1), eventAt(2)]))
  expect(got).toEqual(['0:1', '0:2'])
  await socket.accept('t@e1:0=2')
  expect(got).toEqual(['0:1', '0:2', '0:3'])
})

test('drops events at or below the cursor, for each partition', async () => {
  const { opened, got } = subscribed()
  const socket = await opened()
  await socket.accept('t@e1:0=5,1=2')
  await socket.frame(live([eventAt(5), eventAt(3, 1), eventAt(6), eventAt(6), eventAt(2, 1)]))
  expect(got).toEqual(['1:3', '0:6'])
})

test('delivers to each subscription only the events that match it', async () => {
  const { script, opened, got } = subscribed()
  const others: number[] = []
  script.tidewire.subscribe({ channels: ['b.**'] }, ({ offset }) => others.push(offset))
  const socket = await opened()
  await socket.accept()
  await socket.accept('t@e1:0=0', 's2')
  await socket.frame(live([eventAt(1), eventAt(2, 0, 'b.y')], ['s1', 's2']))
  await socket.frame(live([eventAt(3), eventAt(4, 0, 'b.y')], ['s2']))
  expect(got).toEqual(['0:1'])
  expect(others).toEqual([2, 4])
})

test('ignores the responses to an older attempt', async () => {
  const { opened, got, clock } = subscribed({}, 't@e1:0=0')
  const socket = await opened()
  await clock.advance(10_000)
  expect(socket.asks().map(({ attempt }) => attempt)).toEqual([1, 2])
  await socket.frame(replay(1, [eventAt(2)]))
  await socket.frame({ type: 'subscribed', id: 's1', attempt: 1, cursor: 't@e1:0=9', recovered: true })
  await socket.frame(live([eventAt(10)]))
  expect(got).toEqual([])
  await socket.frame(replay(2, [eventAt(1)]))
  await socket.accept('t@e1:0=9')
  expect(got).toEqual(['0:1', '0:10'])
})

test('resumes from its cursor after a cut, and from the start of the caller before the first response', async () => {
  const { opened, clock, got } = subscribed({}, 'earliest')
  const first = await opened()
  await first.frame(replay(1, [eventAt(0), eventAt(1)]))
  await first.cut()
  await clock.advance(1000)
  const second = await opened()
  expect(second.asks()).toMatchObject([{ attempt: 2, since: 'earliest' }])
  await second.frame(replay(2, [eventAt(0), eventAt(1), eventAt(2)]))
  await second.accept('t@e1:0=2')
  await second.frame(live([eventAt(4)]))
  await second.cut()
  await clock.advance(2000)
  const third = await opened()
  expect(third.asks()).toMatchObject([{ attempt: 3, since: 't@e1:0=4' }])
  expect(got).toEqual(['0:0', '0:1', '0:2', '0:4'])
})

test.each(['trimmed', 'epoch'] as const)(
  'reports a gap that is %s and goes on from the given cursor',
  async (reason) => {
    const { opened, gaps, got } = subscribed({}, 't@e1:0=50')
    const socket = await opened()
    const cursor = reason === 'epoch' ? 't@e2:0=3' : 't@e1:0=90'
    await socket.frame({ type: 'subscribed', id: 's1', attempt: 1, cursor, recovered: false, reason })
    await socket.frame(live([eventAt(3), eventAt(4), eventAt(91)]))
    expect(gaps).toEqual([reason])
    expect(got).toEqual(reason === 'epoch' ? ['0:4', '0:91'] : ['0:91'])
  },
)

test('subscribes again from its own cursor on a gap, and on a pong with behind', async () => {
  const { opened, clock, tidewire } = subscribed()
  const socket = await opened()
  await socket.accept('t@e1:0=7')
  await socket.frame({ type: 'gap', ids: ['s1', 's9'] })
  expect(socket.asks().at(-1)).toMatchObject({ attempt: 2, since: 't@e1:0=7' })
  expect(tidewire.state).toBe('recovering')
  await socket.accept('t@e1:0=8')
  await clock.advance(330_000)
  await socket.frame({ type: 'pong', time: '', behind: true })
  expect(socket.asks().at(-1)).toMatchObject({ attempt: 3, since: 't@e1:0=8' })
  await socket.accept('t@e1:0=8')
  expect(tidewire.state).toBe('live')
})
