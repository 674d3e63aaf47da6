import { expect, it } from 'vitest'
import { castCell } from './read-csv.ts'

it.each([
  ['1394.46', 1394.46],
  ['-0.5', -0.5],
  ['0', 0],
  ['1.5e-7', 1.5e-7],
  ['true', true],
  ['false', false],
  ['00501', '00501'],
  ['1e5', '1e5'],
  ['+49', '+49'],
  ['1,5', '1,5'],
  [' 1', ' 1'],
  ['12345678901234567890', '12345678901234567890'],
  ['0.1234567890123456789', '0.1234567890123456789'],
  ['1e+400', '1e+400'],
  ['1e-400', '1e-400'],
  ['-0', '-0'],
  ['True', 'True'],
  ['NaN', 'NaN'],
])('reads the cell %j as %j', (text, expected) => {
  expect(castCell(text)).toBe(expected)
})
