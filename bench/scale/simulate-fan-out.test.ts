import { describe, expect, test } from 'vitest'
import { type FanOut, simulateFanOut } from './simulate-fan-out.ts'
import { createVirtualTime } from './virtual-time.ts'

const PLAN: FanOut = {
  connections: 100,
  eventsPerSecond: 2,
  fanOut: 100,
  shards: 1,
  partitions: 1,
  accountRate: 10_000,
  burst: 5000,
  otherRate: 0,
  postsAtOnce: 10,
  postMs: 10,
  postCpuMs: 0,
  batchMs: 40,
  deadlineMs: 5000,
  batchSize: 500,
  seconds: 10,
}
const simulate = (changed: Partial<FanOut>) => simulateFanOut({ ...PLAN, ...changed })

describe('virtual time', () => {
  test('wakes sleepers in the order of their times, and stops where it is told', async () => {
    const time = createVirtualTime()
    const woken: string[] = []
    const note = async (ms: number) => {
      await time.sleep(ms)
      woken.push(`${ms} at ${time.now()}`)
    }
    void Promise.all([note(30), note(10), note(20), note(50)])

    await time.runUntil(40)

    expect(woken).toEqual(['10 at 10', '20 at 20', '30 at 30'])
    expect(time.now()).toBe(40)
  })
})

describe('the simulated fan-out', () => {
  test('posts each event to all, ten at once, in the time that this takes', async () => {
    const { framesPerSecond, lagP99, eventsPerBatch, throttledShare } = await simulate({})

    expect(framesPerSecond).toBeGreaterThan(180)
    expect(framesPerSecond).toBeLessThanOrEqual(200)
    // 40 ms, then ten rounds of 10 ms.
    expect(lagP99).toBeGreaterThanOrEqual(140)
    expect(lagP99).toBeLessThan(150)
    expect({ eventsPerBatch, throttledShare }).toEqual({ eventsPerBatch: 1, throttledShare: 0 })
  })

  test('divides the work among shards', async () => {
    const one = await simulate({ connections: 1000, fanOut: 1000 })
    const four = await simulate({ connections: 1000, fanOut: 1000, shards: 4 })

    expect(four.lagP50).toBeLessThan(one.lagP50 / 2)
  })

  test('makes batches of what arrives while it posts', async () => {
    const { eventsPerBatch, waitingShare } = await simulate({ eventsPerSecond: 50 })

    expect(eventsPerBatch).toBeGreaterThan(5)
    expect(waitingShare).toBeLessThan(0.1)
  })

  test('posts no more than the account may, with few 429s', async () => {
    const { framesPerSecond, throttledShare } = await simulate({
      connections: 5000,
      fanOut: 5000,
      postsAtOnce: 64,
      shards: 4,
      accountRate: 1000,
      burst: 100,
      otherRate: 200,
    })

    expect(framesPerSecond).toBeLessThanOrEqual(820)
    expect(framesPerSecond).toBeGreaterThan(500)
    expect(throttledShare).toBeGreaterThan(0)
    expect(throttledShare).toBeLessThan(0.3)
  })

  test('gives up at the deadline, and what is left is behind', async () => {
    const { behindShare } = await simulate({ connections: 20_000, fanOut: 20_000, deadlineMs: 3000 })

    expect(behindShare).toBeGreaterThan(0.5)
  })

  test('posts nothing where other requests take the whole rate', async () => {
    const { framesPerSecond } = await simulate({ otherRate: 10_000 })

    expect(framesPerSecond).toBe(0)
  })
})
