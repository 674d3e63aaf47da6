import { expect, test } from 'vitest'
import { highestRole } from './role.ts'

test('the highest role of several groups is used, and other names are ignored', () => {
  expect(highestRole(['viewer', 'admin', 'publisher'])).toBe('admin')
  expect(highestRole(['publisher', 'staff', 7, 'viewer'])).toBe('publisher')
  expect(highestRole(['Admin', 'root'])).toBeNull()
  expect(highestRole([])).toBeNull()
})
