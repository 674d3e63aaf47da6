import { expect, test } from 'vitest'
import type { ServerFrame } from '#shared/core/messages.ts'
import { createFakeClock } from '#shared/testing/client/fake-clock.ts'
import { createHeartbeat } from './heartbeat.ts'

const PONG: ServerFrame = { type: 'pong', time: '', behind: false }
const LIVE: ServerFrame = { type: 'events', ids: ['s1'], events: [] }
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A heartbeat on a server that answers pings while `isThere`. `sleepMs` lets the clock move without its timers. */
function startHeartbeat({
  random = 0,
  isThere = () => true,
}: {
  random?: number
  isThere?: () => boolean
} = {}) {
  const clock = createFakeClock()
  let slept = 0
  const pings: number[] = []
  const deaths: number[] = []
  const now = () => clock.now() + slept
  const begin = now()
  const heartbeat = createHeartbeat(
    {
      clock: { ...clock, now },
      random: () => random,
      answerTimeoutMs: 10_000,
      pingMs: 5 * MINUTE,
      pongTimeoutMs: 10_000,
    },
    {
      ping: () => {
        pings.push(now() - begin)
        if (isThere()) heartbeat.heard(PONG)
      },
      dead: () => deaths.push(now() - begin),
    },
  )
  heartbeat.start()
  const sleepMs = (ms: number) => {
    slept += ms
  }
  return { heartbeat, clock, sleepMs, pings, deaths, at: () => now() - begin }
}

test.each([0, 0.5, 1])(
  'an idle viewer sends at most 12 pings an hour, the longest silence is 6 minutes: %j',
  async (random) => {
    const { clock, pings } = startHeartbeat({ random })
    await clock.advance(HOUR)
    expect(pings.length).toBeLessThanOrEqual(12)
    const gaps = pings.map((at, index) => at - (pings[index - 1] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6 * MINUTE)
  },
)

test('a busy line is asked each minute whether it has missed a frame, a line with few events is not', async () => {
  const count = async (everyMs: number) => {
    const { heartbeat, clock, pings } = startHeartbeat()
    for (let ms = 0; ms < HOUR; ms += everyMs) {
      heartbeat.heard(LIVE)
      await clock.advance(everyMs)
    }
    return pings.length
  }
  expect(await count(1000)).toBeGreaterThanOrEqual(50)
  expect(await count(1000)).toBeLessThanOrEqual(60)
  expect(await count(10_000)).toBeLessThanOrEqual(360 / 20)
  expect(await count(2 * MINUTE)).toBeLessThanOrEqual(12)
})

test('pings at once, and once, when the machine wakes up', async () => {
  const { clock, sleepMs, pings, at } = startHeartbeat()
  await clock.advance(MINUTE)
  sleepMs(2 * MINUTE)
  const woken = at()
  await clock.advance(10_000)
  expect(pings.filter((time) => time >= woken && time <= woken + 10_000)).toHaveLength(1)
  await clock.advance(4 * MINUTE)
  expect(pings).toHaveLength(1)
})

test('takes no delay of a hidden page for sleep', async () => {
  const { clock, sleepMs, pings } = startHeartbeat()
  for (let minute = 0; minute < 4; minute++) {
    sleepMs(50_000)
    await clock.advance(10_000)
  }
  expect(pings).toEqual([])
})

test('pings when a message has brought no sign of life for 10 s', async () => {
  const { heartbeat, clock, pings } = startHeartbeat()
  heartbeat.sent()
  await clock.advance(5000)
  heartbeat.heard(LIVE)
  await clock.advance(10_000)
  expect(pings).toEqual([])
  heartbeat.sent()
  await clock.advance(10_000)
  expect(pings).toEqual([25_000])
})

test('gives a silent line up after 10 s, and one that still delivers after 30 s without a pong', async () => {
  const silent = startHeartbeat({ isThere: () => false })
  silent.heartbeat.check()
  await silent.clock.advance(10_000)
  expect(silent.deaths).toEqual([10_000])

  const deaf = startHeartbeat({ isThere: () => false })
  deaf.heartbeat.check()
  for (let second = 0; second < 30; second++) {
    deaf.heartbeat.heard(LIVE)
    await deaf.clock.advance(1000)
  }
  expect(deaf.deaths).toEqual([30_000])
})

test('says since when a ping is without any sign of life', async () => {
  const { heartbeat, clock } = startHeartbeat({ isThere: () => false })
  expect(heartbeat.unansweredSince()).toBeNull()
  heartbeat.check()
  const pinged = clock.now()
  await clock.advance(3000)
  expect(heartbeat.unansweredSince()).toBe(pinged)
  heartbeat.heard(LIVE)
  expect(heartbeat.unansweredSince()).toBeNull()
})

test('stopped, it pings no more and leaves no timer', async () => {
  const { heartbeat, clock, pings } = startHeartbeat()
  heartbeat.sent()
  heartbeat.stop()
  expect(clock.pending()).toBe(0)
  heartbeat.check()
  heartbeat.attended()
  await clock.advance(HOUR)
  expect(pings).toEqual([])
})
