import { expect, test } from 'vitest'
import { assertRole, highestRole, PUBLISHERS } from './role.ts'

test('the highest role of several groups is used, and other names are ignored', () => {
  expect(highestRole(['viewer', 'admin', 'publisher'])).toBe('admin')
  expect(highestRole(['publisher', 'staff', 7, 'viewer'])).toBe('publisher')
  expect(highestRole(['Admin', 'root'])).toBeNull()
  expect(highestRole([])).toBeNull()
})

test('a refusal names the role of the caller and the required roles', () => {
  const viewer = { name: 'ada', role: 'viewer' } as const
  expect(() => assertRole(viewer, PUBLISHERS, 'write events')).toThrow(
    'The role viewer may not write events: that takes the role publisher, operator, or admin.',
  )
  expect(() => assertRole(viewer, ['admin'], 'delete events')).toThrow(
    expect.objectContaining({ code: 'forbidden' }),
  )
  for (const role of PUBLISHERS)
    expect(() => assertRole({ ...viewer, role }, PUBLISHERS, 'write events')).not.toThrow()
})
