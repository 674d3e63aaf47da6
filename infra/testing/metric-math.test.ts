import { expect, test } from 'vitest'
import { evaluateMath } from './metric-math.ts'

const values: Readonly<Record<string, number | null>> = { a: 6, b: 3, none: null, zero: 0 }
const evaluate = (expression: string) => evaluateMath(expression, (id) => values[id] ?? null)

test.each([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['a - b - 1', 2],
  ['a / b / 2', 1],
  ['a > b AND b > a OR a == 6', 1],
  ['IF(a > 5 AND (b == 0 OR b >= 3), 10, 20)', 10],
  ['IF(a <= 5, 10, 20)', 20],
  ['SUM([FILL(none, 4), a, none])', 10],
  ['MAX([none, a / 2, b / 3])', 3],
  ['100 * zero / a', 0],
])('%s is %d', (expression, result) => {
  expect(evaluate(expression)).toBe(result)
})

test.each(['none + 1', 'a / zero', 'MAX([none])', 'IF(none > 1, 1, 0)'])(
  '%s has no datapoint',
  (expression) => {
    expect(evaluate(expression)).toBeNull()
  },
)

test.each(['a +* b', 'SUM(a)', 'RATE(a, b)', 'a b', 'a # b'])('%s is no expression', (expression) => {
  expect(() => evaluate(expression)).toThrow()
})
