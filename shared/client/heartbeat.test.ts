import { expect, test } from 'vitest'
import type { ServerFrame } from '#shared/core/messages.ts'
import { createFakeClock } from '#shared/testing/client/fake-clock.ts'
import { createHeartbeat } from './heartbeat.ts'

const PONG: ServerFrame = { type: 'pong', time: '', behind: false }
const LIVE: ServerFrame = { type: 'events', ids: ['s1'], events: [] }
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A heartbeat on a server that answers pings while `isThere`. */
function startHeartbeat({
  random = 0,
  isThere = () => true,
}: {
  random?: number
  isThere?: () => boolean
} = {}) {
  const clock = createFakeClock()
  const pings: number[] = []
  const deaths: number[] = []
  const heartbeat = createHeartbeat(
    {
      clock,
      random: () => random,
      answerTimeoutMs: 10_000,
      pingMs: 5 * MINUTE,
      pongTimeoutMs: 10_000,
    },
    {
      ping: () => {
        pings.push(clock.elapsed())
        if (isThere()) heartbeat.heard(PONG)
      },
      dead: () => deaths.push(clock.elapsed()),
    },
  )
  heartbeat.start()
  return { heartbeat, clock, pings, deaths }
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

test('pings when the machine wakes up or the page returns, even if a pong is awaited, and waits for 2.5 s only', async () => {
  const { heartbeat, clock, pings, deaths } = startHeartbeat({ isThere: () => false })
  heartbeat.check()
  await clock.advance(1000)
  clock.sleep(HOUR)
  for (let signal = 0; signal < 5; signal++) heartbeat.returned()
  expect(pings).toEqual([0, HOUR + 1000])
  await clock.advance(999)
  heartbeat.returned()
  await clock.advance(1500)
  expect([pings.length, deaths]).toEqual([2, []])
  await clock.advance(1)
  expect(deaths).toEqual([HOUR + 3500])
})

test.each([-HOUR, HOUR])('goes on with its pings although the time of day is set by %d ms', async (byMs) => {
  const { clock, pings } = startHeartbeat()
  await clock.advance(MINUTE)
  clock.set(byMs)
  await clock.advance(14 * MINUTE)
  expect(pings).toEqual([5 * MINUTE, 10 * MINUTE, 15 * MINUTE])
})

test('a ping that was due while the machine slept is made up for once it is awake', async () => {
  const { clock, pings } = startHeartbeat()
  await clock.advance(MINUTE)
  clock.sleep(HOUR)
  await clock.advance(10_000)
  expect(pings).toHaveLength(1)
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
  const pinged = clock.elapsed()
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
