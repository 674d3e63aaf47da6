import { describe, expect, it } from 'vitest'
import { createSteadyClock } from './steady-clock.ts'
import { createTestClock } from './testing/open-log.ts'

const HOUR_MS = 3_600_000

describe('the steady clock', () => {
  it('is the wall clock while that is not set', () => {
    const clock = createTestClock(1_000)
    const steady = createSteadyClock(clock)

    clock.pass(500)

    expect(steady()).toBe(1_500)
  })

  it('follows a wall clock that was set forward by an hour within two hours, without a jump', () => {
    const clock = createTestClock(0)
    const steady = createSteadyClock(clock)

    clock.set(HOUR_MS)
    const atOnce = steady()
    clock.pass(HOUR_MS)
    const later = steady()
    clock.pass(HOUR_MS)

    expect([atOnce, later]).toEqual([0, 1.5 * HOUR_MS])
    expect(steady()).toBe(clock.now())
  })

  it('is never ahead of the wall clock, also after that is set back', () => {
    const clock = createTestClock(HOUR_MS)
    const steady = createSteadyClock(clock)

    clock.set(-HOUR_MS)

    expect(steady()).toBe(0)
  })
})
