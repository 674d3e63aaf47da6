import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { createConnections } from './connections.ts'

const MINUTE = 60_000
const LIMITS = { idleMs: 10 * MINUTE, lifeMs: 120 * MINUTE }
const IDENTITY = {
  connectionId: 'c1=',
  connectedAt: 0,
  sourceIp: '127.0.0.1',
  userAgent: 'test',
  domainName: 'localhost',
  stage: 'local',
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A connection whose timers and clocks are moved by hand. */
function connected() {
  let elapsed = 0
  let time = 1_800_000_000_000
  const codes: number[] = []
  const socket = Object.assign(new EventEmitter(), {
    readyState: 1,
    bufferedAmount: 0,
    send() {},
    close: (code: number) => codes.push(code),
  })
  const connections = createConnections(LIMITS, { now: () => time, elapsed: () => elapsed })
  connections.add(socket as unknown as WebSocket, IDENTITY)
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= MINUTE / 12) {
      elapsed += Math.min(left, MINUTE / 12)
      vi.advanceTimersByTime(Math.min(left, MINUTE / 12))
    }
  }
  return {
    codes,
    connection: connections.find('c1='),
    pass,
    /** The process stands still: what was due comes only when it goes on. */
    sleep(ms: number) {
      elapsed += ms
      vi.advanceTimersByTime(ms)
    },
    setClock(ms: number) {
      time += ms
    },
  }
}

it('closes a connection that was idle for ten minutes, and no other', () => {
  const { codes, connection, pass } = connected()
  pass(9 * MINUTE)
  connection?.touch()
  pass(9 * MINUTE)
  expect(codes).toEqual([])
  pass(1.5 * MINUTE)
  expect(codes).toEqual([1001])
})

it('does not look at the time of day, which may be set', () => {
  const { codes, connection, pass, setClock } = connected()
  setClock(60 * MINUTE)
  pass(9 * MINUTE)
  connection?.touch()
  setClock(-120 * MINUTE)
  pass(9 * MINUTE)
  expect(codes).toEqual([])
  pass(1.5 * MINUTE)
  expect(codes).toEqual([1001])
})

it('lets a client speak after a sleep before its connection counts as idle', () => {
  const { codes, connection, pass, sleep } = connected()
  sleep(30 * MINUTE)
  expect(codes).toEqual([])
  connection?.touch()
  pass(9 * MINUTE)
  expect(codes).toEqual([])
})

it('closes a connection whose client is silent after a sleep, too', () => {
  const { codes, pass, sleep } = connected()
  sleep(30 * MINUTE)
  pass(MINUTE)
  expect(codes).toEqual([1001])
})

it('lets a client change its connection after a sleep in which its time ended', () => {
  const { codes, connection, pass, sleep } = connected()
  sleep(150 * MINUTE)
  connection?.touch()
  expect(codes).toEqual([])
  pass(MINUTE)
  expect(codes).toEqual([1001])
})
