import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { patientTimeout } from './patient-timeout.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

function waiting() {
  let elapsed = 0
  let givenUp = 0
  const cancel = patientTimeout(
    () => givenUp++,
    10_000,
    () => elapsed,
  )
  return {
    cancel,
    givenUp: () => givenUp,
    pass(ms: number) {
      elapsed += ms
      vi.advanceTimersByTime(ms)
    },
    sleep(ms: number) {
      elapsed += ms
    },
  }
}

it('gives up after its time, once', () => {
  const { pass, givenUp } = waiting()
  pass(9999)
  expect(givenUp()).toBe(0)
  pass(1)
  pass(60_000)
  expect(givenUp()).toBe(1)
})

it('waits for the whole time again after a sleep, and gives up then', () => {
  const { pass, sleep, givenUp } = waiting()
  pass(9000)
  sleep(600_000)
  pass(1000)
  expect(givenUp()).toBe(0)
  pass(9999)
  expect(givenUp()).toBe(0)
  pass(1)
  expect(givenUp()).toBe(1)
})

it('does nothing once it is cancelled, after a sleep too', () => {
  const { pass, sleep, cancel, givenUp } = waiting()
  sleep(600_000)
  pass(10_000)
  cancel()
  pass(60_000)
  expect(givenUp()).toBe(0)
})
