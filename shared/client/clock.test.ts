import { describe, expect, test } from 'vitest'
import { createFakeClock, settle } from '#shared/testing/client/fake-clock.ts'
import { anySignal, createBackoff, createElapsed, pause, timeOfDayAt } from './clock.ts'

const HOUR = 3_600_000

test('spreads each delay from zero to a bound that doubles up to the cap', () => {
  const highest = createBackoff({ random: () => 1 })
  expect(Array.from({ length: 7 }, () => highest.next())).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ])
  const lowest = createBackoff({ random: () => 0 })
  expect([lowest.next(), lowest.next()]).toEqual([0, 0])
})

test('a limit holds for one delay, which counts like the others', () => {
  const backoff = createBackoff({ random: () => 1 })
  expect([backoff.next(4000), backoff.next(4000), backoff.next(4000), backoff.next(4000)]).toEqual([
    1000, 2000, 4000, 4000,
  ])
  expect(backoff.next()).toBe(16_000)
})

test('starts again from the base after a reset', () => {
  const backoff = createBackoff({ random: () => 1 })
  backoff.next()
  backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(1000)
})

describe('elapsed', () => {
  function clocks() {
    const at = { timeOfDay: 1_000_000, steady: 5 }
    const elapsed = createElapsed(
      () => at.timeOfDay,
      () => at.steady,
    )
    const pass = (ms: number) => {
      at.timeOfDay += ms
      at.steady += ms
    }
    const begin = elapsed()
    return { at, pass, passed: () => elapsed() - begin }
  }

  test.each([
    ['goes on', 3 * HOUR],
    ['stands still', 0],
  ])('counts the sleep of a machine whose steady time %s meanwhile', (_, steadyMs) => {
    const { at, pass, passed } = clocks()
    pass(1000)
    at.timeOfDay += 3 * HOUR
    at.steady += steadyMs
    expect(passed()).toBe(3 * HOUR + 1000)
    pass(1000)
    expect(passed()).toBe(3 * HOUR + 2000)
  })

  test('never goes back with a time of day that is set back, nor waits for it to come again', () => {
    const { at, pass, passed } = clocks()
    at.timeOfDay -= HOUR
    pass(1000)
    expect(passed()).toBe(1000)
    pass(HOUR)
    expect(passed()).toBe(HOUR + 1000)
  })

  test('counts no drift between the two, and no rounding, however often it is read', () => {
    const { at, passed } = clocks()
    const real = at.timeOfDay
    for (let step = 1; step <= 100_000; step++) {
      at.steady = 5 + step * 0.25
      at.timeOfDay = Math.round(real + step * 0.2502)
      passed()
    }
    expect(passed()).toBe(25_000)
  })
})

test('says when something was by the time of day as it is now', async () => {
  const clock = createFakeClock()
  const at = clock.elapsed()
  await clock.advance(2000)
  clock.set(-HOUR)
  expect(clock.now() - timeOfDayAt(clock, at)).toBe(2000)
})

test('a pause ends after its time or when it is aborted, and leaves neither timer nor listener', async () => {
  const clock = createFakeClock()
  const aborter = new AbortController()
  const ends: string[] = []
  void pause(clock, 1000, aborter.signal).then(() => ends.push('over'))
  await clock.advance(1000)
  void pause(clock, 1000, aborter.signal).then(() => ends.push('aborted'))
  aborter.abort()
  void pause(clock, 1000, aborter.signal).then(() => ends.push('begun too late'))
  await settle()
  expect([ends, clock.pending()]).toEqual([['over', 'aborted', 'begun too late'], 0])
})

test('a joint signal is aborted with each of its sources, at once with one that already was, and not after its release', () => {
  const [left, right, other] = [new AbortController(), new AbortController(), new AbortController()]
  const joint = anySignal(left.signal, right.signal)
  const released = anySignal(right.signal, other.signal)
  released.release()
  right.abort()
  expect([joint.signal.aborted, released.signal.aborted]).toEqual([true, false])
  expect(anySignal(left.signal, right.signal).signal.aborted).toBe(true)
})
