import { beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '#shared/core/random.ts'
import { createFakeClock, type FakeClock, settle } from '#shared/testing/client/fake-clock.ts'
import { type Clock, createPace, type Pace } from './pace.ts'

let fake: FakeClock
let clock: Clock
let pace: Pace

beforeEach(() => {
  fake = createFakeClock()
  const sleep = (ms: number) => new Promise<void>((resolve) => void fake.after(ms, resolve))
  clock = { now: fake.now, sleep, random: seededRandom(1) }
  pace = createPace(clock)
})

const later = (ms = 60_000) => fake.now() + ms

/** Asks for turns, and returns how many milliseconds later each came, once `ms` have passed. */
async function waits(connections: readonly string[], ms = 60_000): Promise<(number | 'refused')[]> {
  const asked = fake.now()
  const turns = connections.map(async (connection) => {
    const isGiven = await pace.turn(connection, asked + ms)
    return isGiven ? fake.now() - asked : 'refused'
  })
  await fake.advance(ms)
  return Promise.all(turns)
}

/** The gateway takes `count` posts in a second. */
async function serve(count: number): Promise<void> {
  for (let post = 0; post < count; post++) {
    await fake.advance(1000 / count)
    pace.sent(`served-${post}`)
  }
}

describe('a turn to post', () => {
  test('comes at once while the gateway takes everything', async () => {
    await serve(100)

    expect(await waits(Array.from({ length: 100 }, (_, at) => `c${at}`))).toEqual(Array(100).fill(0))
  })

  test('is refused without waiting if it would come after the deadline', async () => {
    expect(await pace.turn('c1', fake.now())).toBe(false)

    await serve(100)
    for (const connection of ['c1', 'c2']) pace.throttled(connection)
    expect(await pace.turn('c3', fake.now() + 100)).toBe(false)
    expect(fake.pending()).toBe(0)
  })
})

describe('after several connections were throttled, a turn', () => {
  beforeEach(async () => {
    await serve(100)
    for (const connection of ['c1', 'c2']) pace.throttled(connection)
  })

  test('comes 200 ms later at the earliest, and then at less than the rate that was served', async () => {
    const came = await waits(Array.from({ length: 29 }, (_, at) => `d${at}`))

    expect(came[0]).toBe(200)
    expect(came.at(-1)).toBeGreaterThan(200 + 28 * 12) // 70 a second, of the 100 that were served
    expect(came.at(-1)).toBeLessThan(200 + 28 * 16)
  })

  test('that is waited for comes later when the rate falls again', async () => {
    const turn = pace.turn('d1', later()).then(() => fake.now())
    await fake.advance(200 - 1)
    const before = fake.now()
    for (const connection of ['c3', 'c4']) pace.throttled(connection) // responses to posts of before: no further fall
    await fake.advance(1)
    expect(await turn).toBe(before + 1)

    const next = Array.from({ length: 20 }, (_, at) => pace.turn(`e${at}`, later()).then(() => fake.now()))
    await fake.advance(1)
    for (const connection of ['c5', 'c6']) pace.throttled(connection)
    await fake.advance(30_000)
    expect(Math.min(...(await Promise.all(next.slice(1))))).toBeGreaterThanOrEqual(before + 202)
  })

  test('comes sooner the longer the gateway takes everything, and at once in the end', async () => {
    await fake.advance(5000)
    const came = await waits(['d1', 'd2', 'd3'], 1000)
    expect(came[2]).toBeLessThan(2 * 10)

    await fake.advance(10_000)
    expect(await waits(['d1', 'd2', 'd3'])).toEqual([0, 0, 0])
  })
})

describe('a connection whose buffer is full', () => {
  test('waits alone, longer each time', async () => {
    await serve(100)
    for (const atLeast of [50, 100, 200]) {
      pace.throttled('slow')
      const [slow, ...others] = await waits(['slow', 'c1', 'c2'], 2000)

      expect(others).toEqual([0, 0])
      expect(slow).toBeGreaterThanOrEqual(atLeast)
    }
  })

  test('does not wait any more once a post was taken', async () => {
    pace.throttled('slow')
    pace.sent('slow')

    expect(await waits(['slow'])).toEqual([0])
  })

  test('is forgotten after a minute without a post', async () => {
    for (let round = 0; round < 100; round++) {
      await serve(50)
      pace.throttled('slow')
      await fake.advance(61_000)
    }

    expect(await waits(['slow', 'other'])).toEqual([0, 0])
  })

  test('slows no other, even if it is one in fifty', async () => {
    for (let round = 0; round < 20; round++) {
      for (let of = 0; of < 100; of++) {
        if (of % 50 === 7) pace.throttled(`slow-${of}-${round}`)
        else pace.sent(`c${of}`)
        await fake.advance(5)
      }
      expect(await waits(['c1', 'c2'], 1)).toEqual([0, 0])
    }
  })
})

describe('retries', () => {
  test('are allowed for one in ten posts in the long run', () => {
    const burst = Array.from({ length: 200 }, () => pace.mayRetry()).filter(Boolean).length
    for (let post = 0; post < 1000; post++) pace.sent(`c${post}`)
    const after = Array.from({ length: 200 }, () => pace.mayRetry()).filter(Boolean).length

    expect(burst).toBe(50)
    expect(after).toBe(50)

    let retries = 0
    for (let post = 0; post < 1000; post++) {
      pace.sent(`c${post}`)
      if (pace.mayRetry()) retries++
    }
    expect(retries).toBeLessThanOrEqual(100)
    expect(retries).toBeGreaterThanOrEqual(98)
  })
})

describe('a gateway that is offered more than its limit', () => {
  test.each([
    { limit: 400, offered: 1.5, functions: 1 },
    { limit: 400, offered: 1.5, functions: 4 },
    { limit: 400, offered: 3, functions: 2 },
  ])(
    'of $limit a second, $offered times by $functions functions, is asked at most 1.1 times for each frame and kept busy',
    async ({ limit, offered, functions }) => {
      const SECONDS = 20
      const gateway = createLimited(limit, fake.now)
      const counts = { frames: 0, attempts: 0, sent: 0 }
      const post = async (own: Pace, connection: string, deadline: number) => {
        counts.frames++
        for (let attempt = 1; attempt <= 3; attempt++) {
          if (attempt > 1 && !own.mayRetry()) return
          if (!(await own.turn(connection, deadline))) return
          counts.attempts++
          await clock.sleep(15)
          if (gateway.takes()) {
            counts.sent++
            own.sent(connection)
            return
          }
          own.throttled(connection)
        }
      }
      const end = fake.now() + SECONDS * 1000
      const run = async (own: Pace) => {
        const batch = Math.ceil((limit * offered) / functions / 10)
        for (let first = 0; fake.now() < end; first += batch) {
          const deadline = fake.now() + 5000
          const posts = Array.from({ length: batch }, (_, at) =>
            post(own, `c${(first + at) % 200}`, deadline),
          )
          await Promise.all([...posts, clock.sleep(100)]) // the next batch of a partition waits for the last
        }
      }
      for (let at = 0; at < functions; at++) void run(createPace(clock))
      await fake.advance(SECONDS * 1000 + 10_000)
      await settle()

      expect(counts.attempts / counts.frames).toBeLessThanOrEqual(1.1)
      expect(counts.sent / (limit * SECONDS)).toBeGreaterThanOrEqual(0.8)
    },
  )
})

/** A bucket of `limit` tokens that fills with `limit` tokens a second. */
function createLimited(limit: number, now: () => number) {
  let tokens = limit
  let at = now()
  return {
    takes(): boolean {
      tokens = Math.min(limit, tokens + ((now() - at) / 1000) * limit)
      at = now()
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
