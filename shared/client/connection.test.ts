import { expect, test } from 'vitest'
import { createScript, eventAt, type FakeSocket } from '#shared/testing/client/scripted-server.ts'
import type { SignalListener, Signals, TidewireState } from './connect.ts'

const MINUTE = 60_000
const PONG = { type: 'pong', time: '', behind: false }

function createSignals() {
  let listener: SignalListener | null = null
  const signals: Signals = (given) => {
    listener = given
    return () => {
      listener = null
    }
  }
  const report = {
    changed: () => listener?.changed(),
    attended: () => listener?.attended(),
  }
  return { signals, report, isHeard: () => listener !== null }
}

const pingsOf = ({ sent }: FakeSocket) => sent.filter(({ action }) => action === 'ping').length

function subscribed(options: Parameters<typeof createScript>[0] = {}) {
  const script = createScript(options)
  const got: number[] = []
  const states: TidewireState[] = []
  script.tidewire.onState((state) => states.push(state))
  script.tidewire.subscribe({ channels: ['a.*'] }, ({ offset }) => got.push(offset))
  return { ...script, script, got, states }
}
const live = (...offsets: number[]) => ({
  type: 'events',
  ids: ['s1'],
  events: offsets.map((o) => eventAt(o)),
})

test('notices a frozen socket 10 s after a ping without a pong, and resumes on another', async () => {
  const { opened, clock, sockets } = subscribed({ random: () => 0 })
  const frozen = await opened()
  await frozen.accept('t@e1:0=3')
  await clock.advance(5 * MINUTE)
  expect(frozen.sent.at(-1)).toEqual({ action: 'ping' })
  await clock.advance(9_999)
  expect(frozen.closed).toBe(false)
  await clock.advance(1)
  expect(frozen.closed).toBe(true)
  await clock.advance(1000)
  expect(sockets).toHaveLength(2)
  expect((await opened()).asks()).toMatchObject([{ since: 't@e1:0=3', attempt: 2 }])
})

test('pings at once when a response is missing or the network changes', async () => {
  const { signals, report } = createSignals()
  const { opened, clock } = subscribed({ signals })
  const socket = await opened()
  report.changed()
  expect(socket.sent.at(-1)).toEqual({ action: 'ping' })
  await socket.frame(PONG)
  await clock.advance(10_000)
  expect(socket.sent.map(({ action }) => action)).toEqual(['subscribe', 'ping', 'ping', 'subscribe'])
})

test('pings at once when a user comes back after the server was silent for 25 s', async () => {
  const { signals, report } = createSignals()
  const { opened, clock, tidewire } = subscribed({ signals })
  const socket = await opened()
  await socket.accept()
  await clock.advance(24_999)
  report.attended()
  expect(pingsOf(socket)).toBe(0)
  await clock.advance(1)
  report.attended()
  report.attended()
  expect(pingsOf(socket)).toBe(1)
  expect(tidewire.unansweredSince).toBe(clock.now())
  await socket.frame(PONG)
  expect(tidewire.unansweredSince).toBeNull()
})

test('listens to signals until it is closed', async () => {
  const { signals, isHeard } = createSignals()
  const { tidewire } = subscribed({ signals })
  expect(isHeard()).toBe(true)
  tidewire.close()
  expect(isHeard()).toBe(false)
})

test('connects at once when the network comes back during a backoff', async () => {
  const { signals, report } = createSignals()
  const { last, clock, sockets } = subscribed({ signals })
  await clock.advance(0)
  await last().cut()
  report.changed()
  await clock.advance(0)
  expect(sockets).toHaveLength(2)
})

test('backs off with growing pauses up to 30 s for as long as it takes, and from the start after a stable connection', async () => {
  const { clock, sockets, last, opened } = subscribed({ random: () => 0.999 })
  const pauses: number[] = []
  await clock.advance(0)
  for (let attempt = 0; attempt < 9; attempt++) {
    const [before, since] = [sockets.length, clock.now()]
    await last().cut()
    while (sockets.length === before) await clock.advance(100)
    pauses.push(Math.round((clock.now() - since) / 1000))
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30])
  await (await opened()).accept()
  await clock.advance(10_000)
  await last().cut()
  await clock.advance(1000)
  expect(sockets).toHaveLength(11)
})

test('gives an opening socket 10 s', async () => {
  const { clock, sockets } = subscribed()
  await clock.advance(11_000)
  expect(sockets[0]?.closed).toBe(true)
  expect(sockets).toHaveLength(2)
})

test('hands over to the next connection before the limit without a loss, a repeat or disorder', async () => {
  const { opened, clock, sockets, got, states, tidewire } = subscribed({
    maxConnectionMs: 20_000,
    random: () => 0,
  })
  tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const old = await opened()
  await old.accept('t@e1:0=0')
  await old.accept('t@e1:0=0', 's2')
  await old.frame(live(1))
  await clock.advance(20_000)
  const next = await opened()
  expect(next.asks()).toMatchObject([{ id: 's1', attempt: 2, since: 't@e1:0=1' }, { id: 's2' }])
  await old.frame(live(2))
  await next.frame(live(4)) // buffered, because 3 has not yet arrived on the old connection
  await old.frame(live(3))
  await next.frame({
    type: 'events',
    ids: ['s1'],
    attempt: 2,
    replay: true,
    events: [eventAt(2), eventAt(3)],
  })
  await next.accept('t@e1:0=3')
  expect(got).toEqual([1, 2, 3, 4])
  expect(old.closed).toBe(false)
  await old.frame(live(5)) // this subscription no longer uses the old connection
  await next.accept('t@e1:0=3', 's2')
  expect(old.closed).toBe(true)
  await next.frame(live(5))
  expect(got).toEqual([1, 2, 3, 4, 5])
  expect(sockets).toHaveLength(2)
  expect(states).toEqual(['live'])
})

test('stays on the old connection if the next one fails, and moves back to it', async () => {
  const { opened, clock, sockets, got, last, tidewire } = subscribed({
    maxConnectionMs: 20_000,
    random: () => 0,
  })
  tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const old = await opened()
  await old.accept()
  await old.accept('t@e1:0=0', 's2')
  await clock.advance(20_000)
  await last().cut()
  await old.frame(live(1))
  await clock.advance(0)
  const second = await opened()
  await second.accept('t@e1:0=1')
  await second.cut() // s1 had moved there already, s2 had not
  expect(old.asks().at(-1)).toMatchObject({ id: 's1', since: 't@e1:0=1' })
  await old.accept('t@e1:0=1')
  await old.frame(live(2))
  expect(got).toEqual([1, 2])
  await clock.advance(0)
  expect(sockets).toHaveLength(4)
})

test('subscribes on the old connection for what was only requested on the lost next one', async () => {
  const { opened, clock, tidewire } = subscribed({ maxConnectionMs: 20_000, random: () => 0 })
  const old = await opened()
  await old.accept()
  await clock.advance(20_000)
  const next = await opened()
  tidewire.subscribe({ channels: ['b'] }, () => {})
  expect(old.asks().map(({ id }) => id)).toEqual(['s1'])
  await next.cut()
  expect(old.asks().map(({ id }) => id)).toEqual(['s1', 's2'])
})

test('continues on the next connection if the old one breaks during the handover', async () => {
  const { opened, clock, sockets, got } = subscribed({ maxConnectionMs: 20_000, random: () => 0 })
  const old = await opened()
  await old.accept()
  await clock.advance(20_000)
  const next = await opened()
  await next.frame(live(1))
  await old.cut()
  await next.accept()
  expect(got).toEqual([1])
  await clock.advance(5_000)
  expect(sockets).toHaveLength(2)
})

test('closes every socket on close and opens no more', async () => {
  const { opened, clock, sockets, tidewire, states } = subscribed()
  const socket = await opened()
  tidewire.close()
  await socket.cut()
  await clock.advance(100_000)
  expect(socket.closed).toBe(true)
  expect(sockets).toHaveLength(1)
  expect(states).toEqual(['closed'])
})
