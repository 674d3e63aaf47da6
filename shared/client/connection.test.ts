import { describe, expect, test } from 'vitest'
import {
  createScript,
  eventAt,
  type FakeSocket,
  type Script,
} from '#shared/testing/client/scripted-server.ts'
import type { SignalListener, Signals, SocketLike, TidewireState } from './connect.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
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
    returned: () => listener?.returned(),
    attended: () => listener?.attended(),
  }
  return { signals, report, isHeard: () => listener !== null }
}

type Report = ReturnType<typeof createSignals>['report']

const pingsOf = ({ sent }: FakeSocket) => sent.filter(({ action }) => action === 'ping').length

function subscribed(options: Parameters<typeof createScript>[0] = {}) {
  const script = createScript({ onError: () => {}, ...options })
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

/** Cuts each socket before it opens, until `count` more were tried. Returns the pauses in seconds. */
async function refuseSockets({ clock, sockets, last }: Script, count: number): Promise<number[]> {
  const pauses: number[] = []
  for (let attempt = 0; attempt < count; attempt++) {
    const [before, since] = [sockets.length, clock.elapsed()]
    await last().cut()
    while (sockets.length === before) await clock.advance(100)
    pauses.push(Math.round((clock.elapsed() - since) / 1000))
  }
  return pauses
}

test('tries every few seconds for a minute, then with pauses up to 30 s for as long as it takes', async () => {
  const { script, clock, opened, last, sockets } = subscribed({ random: () => 0.999 })
  script.answer = () => ({ status: 503, body: {} })
  await clock.advance(0)
  expect(await refuseSockets(script, 21)).toEqual([1, 2, ...Array(15).fill(4), 30, 30, 30, 30])
  await (await opened()).accept()
  await clock.advance(10_000)
  const before = sockets.length
  await last().cut()
  await clock.advance(1000)
  expect(sockets).toHaveLength(before + 1)
  expect(await refuseSockets(script, 3)).toEqual([2, 4, 4])
})

test('a line that does not last begins no other minute', async () => {
  const { script, clock, opened } = subscribed({ random: () => 0.999 })
  script.answer = () => ({ status: 503, body: {} })
  await clock.advance(0)
  await refuseSockets(script, 15)
  await (await opened()).accept()
  await clock.advance(9000)
  expect((await refuseSockets(script, 1))[0]).toBe(30)
})

test('a server that responds over HTTP again after an outage is tried within 2 s, and soon again', async () => {
  const { script, clock, sockets } = subscribed({ random: () => 0.999 })
  const respond = script.answer
  script.answer = () => ({ status: 503, body: {} })
  await clock.advance(0)
  await refuseSockets(script, 19)
  await script.last().cut()
  script.answer = respond
  const [before, requests] = [sockets.length, script.requests.length]
  while (script.requests.length === requests) await clock.advance(100)
  await clock.advance(2000)
  expect(sockets).toHaveLength(before + 1)
  expect((await refuseSockets(script, 1))[0]).toBe(4)
})

test('a network that lets HTTP through and no sockets is not asked for one with each poll', async () => {
  const { script, clock, sockets } = subscribed({ random: () => 0.999 })
  let offset = 0
  script.answer = () => ({
    body: { events: [eventAt(++offset)], cursor: `t@e1:0=${offset}`, recovered: true },
  })
  await clock.advance(0)
  await refuseSockets(script, 20)
  const before = sockets.length
  await script.last().cut()
  await clock.advance(29_000)
  expect(offset).toBeGreaterThan(50)
  expect(sockets).toHaveLength(before)
})

test('a user who comes back has it tried at once, but not with each key that they press', async () => {
  const { signals, report } = createSignals()
  const { script, clock, sockets } = subscribed({ signals, random: () => 0.999 })
  await clock.advance(0)
  await refuseSockets(script, 19)
  await script.last().cut()
  await clock.advance(2000)
  const before = sockets.length
  report.attended()
  await clock.advance(0)
  expect(sockets).toHaveLength(before + 1)
  await script.last().cut()
  for (let key = 0; key < 10; key++) {
    report.attended()
    await clock.advance(100)
  }
  expect(sockets).toHaveLength(before + 1)
})

describe('when the page returns', () => {
  /** What a browser reports when a page that slept is opened again, all within a moment. */
  async function burst({ report, clock }: { report: Report; clock: Script['clock'] }) {
    for (const signal of [report.returned, report.returned, report.changed, report.returned]) {
      signal()
      await clock.advance(20)
    }
  }
  function open(options: Parameters<typeof createScript>[0] = {}) {
    const { signals, report } = createSignals()
    return { report, ...subscribed({ signals, random: () => 0.999, ...options }) }
  }

  test.each([0, 1000, 24_000, 4 * MINUTE])(
    'a socket that died in silence %d ms before is given up within 3 s, by one check and one dial',
    async (silence) => {
      const { report, opened, clock, sockets, states } = open()
      const socket = await opened()
      await socket.accept('t@e1:0=3')
      await clock.advance(silence)
      await burst({ report, clock })
      expect(pingsOf(socket)).toBe(1)
      await clock.advance(2500)
      expect([socket.closed, states.at(-1)]).toEqual([true, 'connecting'])
      await clock.advance(1000)
      expect(sockets).toHaveLength(2)
      await burst({ report, clock })
      expect(sockets).toHaveLength(2)
      expect((await opened()).asks()).toMatchObject([{ since: 't@e1:0=3' }])
    },
  )

  test('a check that began in the background, with its timers throttled, is cut short', async () => {
    const { report, opened, clock } = open({ random: () => 0 })
    const socket = await opened()
    await socket.accept()
    await clock.advance(5 * MINUTE)
    expect(pingsOf(socket)).toBe(1)
    report.returned()
    await clock.advance(2500)
    expect(socket.closed).toBe(true)
  })

  test('a socket that lives stays, after one ping', async () => {
    const { report, opened, clock, sockets, tidewire } = open()
    const socket = await opened()
    await socket.accept()
    await burst({ report, clock })
    await socket.frame(PONG)
    await clock.advance(MINUTE)
    expect([pingsOf(socket), socket.closed, sockets.length, tidewire.state]).toEqual([1, false, 1, 'live'])
  })

  test('a socket that the browser closed without a word is given up at once', async () => {
    const { report, opened, states } = open()
    const socket = await opened()
    await socket.accept()
    Object.assign(socket, { readyState: 3 })
    report.returned()
    expect([socket.closed, states.at(-1)]).toEqual([true, 'connecting'])
  })

  test('a dial that hangs is replaced by one other, a fresh one is not', async () => {
    const { report, clock, sockets, last } = open()
    await clock.advance(1000)
    await burst({ report, clock })
    expect(sockets).toHaveLength(1)
    const hanging = last()
    await clock.advance(2000)
    await burst({ report, clock })
    expect([hanging.closed, sockets.length]).toEqual([true, 2])
  })

  test('what is waited for after failures is dialled at once, by one dial', async () => {
    const { report, script, clock, sockets } = open()
    await clock.advance(0)
    await refuseSockets(script, 19)
    await script.last().cut()
    await clock.advance(2000)
    const before = sockets.length
    await burst({ report, clock })
    expect(sockets).toHaveLength(before + 1)
  })

  test('the network that goes is checked at once', async () => {
    const { report, opened, tidewire, clock } = open()
    const socket = await opened()
    await socket.accept()
    report.changed()
    expect(tidewire.unansweredSince).toBe(clock.now())
    await clock.advance(2500)
    expect(socket.closed).toBe(true)
  })
})

describe.each(['due', 'stand still'] as const)('when the machine has slept and its timers %s', (timers) => {
  test('a dead socket is noticed within 8 s, and what was missed follows from the cursor', async () => {
    const { opened, clock, sockets, got, states, tidewire } = subscribed({ random: () => 0.1 })
    const socket = await opened()
    await socket.accept('t@e1:0=3')
    await clock.advance(60_000)
    clock.sleep(3 * HOUR, timers)
    expect(clock.now() - (tidewire.lastHeard ?? 0)).toBeGreaterThanOrEqual(3 * HOUR)
    await clock.advance(9000)
    expect(socket.closed).toBe(true)
    expect(sockets).toHaveLength(2)
    const next = await opened()
    expect(next.asks()).toMatchObject([{ since: 't@e1:0=3' }])
    await next.frame({ type: 'events', ids: ['s1'], attempt: 2, replay: true, events: [eventAt(4)] })
    await next.accept('t@e1:0=4')
    expect([got, states.at(-1)]).toEqual([[4], 'live'])
    expect(clock.now() - (tidewire.lastHeard ?? 0)).toBe(0)
  })

  test('a socket that survived stays, after one ping', async () => {
    const { opened, clock, sockets, tidewire } = subscribed()
    const socket = await opened()
    await socket.accept()
    await clock.advance(MINUTE)
    clock.sleep(4 * MINUTE, timers)
    await clock.advance(timers === 'due' ? 0 : 5000)
    expect(pingsOf(socket)).toBe(1)
    await socket.frame(PONG)
    await clock.advance(MINUTE)
    expect([pingsOf(socket), sockets.length, tidewire.state]).toEqual([1, 1, 'live'])
  })

  test('a socket that was opening, or waited for, is tried again at once', async () => {
    const { script, clock, sockets, last } = subscribed({ random: () => 0.999 })
    await clock.advance(0)
    await refuseSockets(script, 19)
    await last().cut()
    const before = sockets.length
    clock.sleep(HOUR, timers)
    await clock.advance(5000)
    expect(sockets.length).toBeGreaterThan(before)
    clock.sleep(HOUR)
    const opening = last()
    await clock.advance(5000)
    expect(opening.closed).toBe(true)
    expect(last()).not.toBe(opening)
  })
})

test.each([-HOUR, HOUR])(
  'a time of day that is set by %d ms costs at most a ping: no silence, no other connection, no negative age',
  async (byMs) => {
    const { opened, clock, sockets, states, tidewire } = subscribed()
    const socket = await opened()
    await socket.accept()
    for (let turn = 0; turn < 720; turn++) {
      if (turn === 100) clock.set(byMs)
      await clock.advance(5000)
      if (socket.sent.at(-1)?.action === 'ping') await socket.frame(PONG)
      const age = clock.now() - (tidewire.lastHeard ?? 0)
      expect(age).toBeGreaterThanOrEqual(0)
      expect(age).toBeLessThanOrEqual(6 * MINUTE)
    }
    expect(pingsOf(socket)).toBeGreaterThanOrEqual(10)
    expect(pingsOf(socket)).toBeLessThanOrEqual(13)
    expect([sockets.length, states]).toEqual([1, ['live']])
  },
)

test('gives an opening socket 10 s', async () => {
  const { clock, sockets } = subscribed()
  await clock.advance(11_000)
  expect(sockets[0]?.closed).toBe(true)
  expect(sockets).toHaveLength(2)
})

describe('promises that never settle: a socket that throws is replaced, and the error is told', () => {
  const throws = () => {
    throw new Error('the socket threw')
  }
  const sick: Record<string, (url: string) => unknown> = {
    'its close throws, and it never opens': () => ({
      close: throws,
      send: () => {},
      addEventListener: () => {},
    }),
    'its send throws': () => ({
      close: throws,
      send: throws,
      addEventListener: (type: string, listener: () => void) => type === 'open' && queueMicrotask(listener),
    }),
    'it is no socket': () => ({}),
    'it is the promise of one': () => Promise.resolve({}),
    'it cannot be made': throws,
  }
  test.each(Object.entries(sick))('%s', async (_, make) => {
    const errors: string[] = []
    let dials = 0
    const { clock, tidewire } = subscribed({
      onError: ({ code }) => errors.push(code),
      openSocket: (url) => {
        dials += 1
        return make(url) as SocketLike
      },
    })
    await clock.advance(60_000)
    expect(dials).toBeGreaterThan(2)
    expect(errors).toContain('connect_failed')
    tidewire.close()
  })
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
