import { beforeEach, describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRateCounter } from '#shared/testing/memory/memory-rate-counter.ts'

const HERE = '203.0.113.7'
let time: number
let counter: ReturnType<typeof memoryRateCounter>
let checked: number
beforeEach(() => {
  time = 1_800_000_000_000
  counter = memoryRateCounter()
  checked = 0
})
const openGuard = () => memoryLimits({ rates: 'failures=20', now: () => time, counter })
type Guard = ReturnType<typeof openGuard>

/** Tries a credential. Returns the code of the refusal, or its wait, or 'in'. */
async function attempt(guard: Guard, credential: string, place = HERE): Promise<string | undefined> {
  const check = async () => {
    checked++
    if (!credential.startsWith('right')) throw new Refusal('unauthenticated', 'no')
    return 'in'
  }
  return guard.check(place, credential, check).catch((error: Refusal) => error.code)
}
async function fail(guard: Guard, times: number) {
  const codes = []
  for (let index = 0; index < times; index++) codes.push(await attempt(guard, `guess ${index}`))
  return codes
}

describe('wrong credentials from one address', () => {
  test('are refused as too many from the 21st within a minute on, over all instances, until the minute ends', async () => {
    const [one, other] = [openGuard(), openGuard()]

    expect(new Set([...(await fail(one, 10)), ...(await fail(other, 10))])).toEqual(
      new Set(['unauthenticated']),
    )
    expect(await attempt(one, 'guess')).toBe('rate_limited')
    expect(await attempt(other, 'guess')).toBe('rate_limited')
    time += 60_000
    expect(await attempt(one, 'guess')).toBe('unauthenticated')
  })

  test('are then checked a hundred times per second and not at all above that', async () => {
    const guard = openGuard()
    await fail(guard, 21)
    checked = 0

    expect(new Set(await fail(guard, 5000))).toEqual(new Set(['rate_limited']))

    expect(checked).toBe(100)
  })

  test('say how long to wait', async () => {
    const guard = openGuard()
    await fail(guard, 21)
    const refused = guard.check(HERE, 'guess', () => Promise.reject(new Refusal('unauthenticated', 'no')))
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 60 })
  })

  test('keep out nobody with right ones, nor another address', async () => {
    const guard = openGuard()
    expect(await attempt(guard, 'right of a colleague')).toBe('in')
    await fail(guard, 500)

    expect(await attempt(guard, 'right of a colleague')).toBe('in')
    expect(await attempt(guard, 'guess', '203.0.113.8')).toBe('unauthenticated')
    time += 1000
    expect(await attempt(guard, 'right of somebody new')).toBe('in')
  })

  test('count only if they are wrong: refused actions do not', async () => {
    const guard = openGuard()
    for (let index = 0; index < 100; index++) {
      const refused = guard.check(HERE, 'no role', () => Promise.reject(new Refusal('forbidden', 'no')))
      await expect(refused).rejects.toMatchObject({ code: 'forbidden' })
    }
    expect(await attempt(guard, 'guess')).toBe('unauthenticated')
  })

  test('are checked always if there is no credential to tell them by', async () => {
    const guard = openGuard()
    await fail(guard, 21)
    checked = 0
    for (let index = 0; index < 50; index++)
      expect(await guard.check(HERE, null, () => ++checked)).toBe(checked)
  })
})
