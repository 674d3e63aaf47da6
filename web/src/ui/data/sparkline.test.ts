import { expect, test } from 'vitest'
import { sparklinePath } from './sparkline.tsx'

test('the line goes from edge to edge, higher values higher up', () => {
  expect(sparklinePath([0, 10, 5], 100, 22)).toBe('M0.0 21.0L50.0 1.0L100.0 11.0')
})

test('equal values make a flat line, and no values none', () => {
  expect(sparklinePath([3, 3], 10, 12)).toBe('M0.0 6.0L10.0 6.0')
  expect(sparklinePath([], 10, 10)).toBe('')
})
