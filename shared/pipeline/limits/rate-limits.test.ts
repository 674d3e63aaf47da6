import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRateCounter } from '#shared/testing/memory/memory-rate-counter.ts'

let time: number
beforeEach(() => {
  time = 1_800_000_000_000
})
afterEach(() => void vi.restoreAllMocks())
const now = () => time
const BROKEN = { add: () => Promise.reject(new Error('the table is gone')) }

describe('one instance', () => {
  test('allows the requests of one second at once, refuses the next, and refills over time', () => {
    const limits = memoryLimits({ rates: 'write=4', now, counter: BROKEN, random: () => 0.99 })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const take = () => limits.take('write', 'ada')?.isAllowed

    expect([take(), take(), take(), take(), take()]).toEqual([true, true, true, true, false])
    time += 250
    expect([take(), take()]).toEqual([true, false])
    time += 60_000
    expect(limits.take('write', 'ada')).toMatchObject({ left: 3, resetSeconds: 1 })
  })

  test('counts each sender and each class apart', () => {
    const limits = memoryLimits({ rates: 'write=1,read=1', now })

    expect(limits.take('write', 'ada')?.isAllowed).toBe(true)
    expect(limits.take('write', 'ada')?.isAllowed).toBe(false)
    expect(limits.take('write', 'bob')?.isAllowed).toBe(true)
    expect(limits.take('read', 'ada')?.isAllowed).toBe(true)
  })

  test('limits nothing at a rate of 0', () => {
    expect(memoryLimits({ rates: 'write=0', now }).take('write', 'ada')).toBeNull()
  })

  test('refuses nobody because the table fails, and logs it', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const permit = memoryLimits({ rates: 'write=1', now, counter: BROKEN }).take('write', 'ada')

    await permit?.counted

    expect(permit?.isAllowed).toBe(true)
    expect(log).toHaveBeenCalledOnce()
  })
})

describe('many instances', () => {
  type Load = {
    readonly rates: string
    readonly instances: number
    readonly perSecond: number
    readonly seconds: number
  }

  /** Lets a sender send requests to instances that are chosen at random. Returns how many are allowed per second. */
  async function send({ rates, instances, perSecond, seconds }: Load): Promise<number> {
    const counter = memoryRateCounter()
    let seed = 1
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const all = Array.from({ length: instances }, () => memoryLimits({ rates, now, counter, random }))
    let allowed = 0
    for (let request = 0; request < perSecond * seconds; request++) {
      time += 1000 / perSecond
      const permit = all[Math.floor(random() * all.length)]?.take('read', 'ada')
      await permit?.counted
      if (permit?.isAllowed) allowed++
    }
    return allowed / seconds
  }

  test('let a sender below its limit pass, although each of them sees a sample only', async () => {
    expect(await send({ rates: 'read=200', instances: 40, perSecond: 100, seconds: 60 })).toBe(100)
  })

  test.each([20, 100, 200])('hold a sender with ten times a limit of %i near it', async (limit) => {
    const passed = await send({ rates: `read=${limit}`, instances: 40, perSecond: limit * 10, seconds: 60 })

    expect(passed).toBeGreaterThan(limit * 0.5)
    expect(passed).toBeLessThan(limit * 2.5)
  })

  test.each([3, 20])(
    'admit %i requests of a second in a burst, each at an instance of its own',
    async (limit) => {
      const counter = memoryRateCounter()
      const burst = Array.from({ length: limit + 50 }, () =>
        memoryLimits({ rates: `account=${limit}`, now, counter, random: () => 0.99 }).take('account', 'ada'),
      )

      const admitted = await Promise.all(burst.map((permit) => permit?.admitted))

      expect(admitted.filter(Boolean)).toHaveLength(limit)
    },
  )

  test('let it continue when what it sent has been waited for', async () => {
    const counter = memoryRateCounter()
    const [one, other] = [1, 2].map(() => memoryLimits({ rates: 'read=10', now, counter }))
    for (let request = 0; request < 10; request++) await one?.take('read', 'ada')?.counted
    await other?.take('read', 'ada')?.counted

    expect(other?.take('read', 'ada')).toMatchObject({ isAllowed: false, retryAfterSeconds: 2 })
    time += 2000
    expect(other?.take('read', 'ada')?.isAllowed).toBe(true)
  })
})
