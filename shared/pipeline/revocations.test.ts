import { expect, test } from 'vitest'
import { isRevoked } from './revocations.ts'

test('a credential is revoked if it was issued until then, and not if it was issued later', () => {
  const revoked = new Map([['ada', 1000]])

  expect(isRevoked({ name: 'ada', issued: 1000 }, revoked)).toBe(true)
  expect(isRevoked({ name: 'ada', issued: 1001 }, revoked)).toBe(false)
  expect(isRevoked({ name: 'bob', issued: 1 }, revoked)).toBe(false)
})

test('a credential is revoked with the id of its user, whatever the name is', () => {
  const revoked = new Map([['id:u1', 1000]])

  expect(isRevoked({ name: 'ada', id: 'u1', issued: 1000 }, revoked)).toBe(true)
  expect(isRevoked({ name: 'ada', id: 'u2', issued: 1000 }, revoked)).toBe(false)
  expect(isRevoked({ name: 'ada', issued: 1000 }, revoked)).toBe(false)
})
