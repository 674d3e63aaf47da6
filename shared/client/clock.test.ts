import { expect, test } from 'vitest'
import { createBackoff } from './clock.ts'

test('spreads each delay from zero to a bound that doubles up to the cap', () => {
  const highest = createBackoff({ random: () => 1 })
  expect(Array.from({ length: 7 }, highest.next)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  const lowest = createBackoff({ random: () => 0 })
  expect([lowest.next(), lowest.next()]).toEqual([0, 0])
})

test('starts again from the base after a reset', () => {
  const backoff = createBackoff({ random: () => 1 })
  backoff.next()
  backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(1000)
})
