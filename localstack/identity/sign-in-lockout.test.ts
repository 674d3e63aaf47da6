import { beforeEach, expect, test } from 'vitest'
import { signInLockout } from './sign-in-lockout.ts'

let time: number
beforeEach(() => {
  time = 1_800_000_000_000
})
const fail = (lockout: ReturnType<typeof signInLockout>, times: number, user = 'ada') => {
  for (let index = 0; index < times; index++) lockout.noteFailure(user)
}
const open = () => signInLockout(() => time)

test('the fifth wrong password in a row locks a user for a second, and nobody else', () => {
  const lockout = open()
  fail(lockout, 4)
  expect(lockout.isLocked('ada')).toBe(false)
  fail(lockout, 1)

  expect([lockout.isLocked('ada'), lockout.isLocked('bob')]).toEqual([true, false])
  time += 1000
  expect(lockout.isLocked('ada')).toBe(false)
})

test('each further one doubles the time, up to 15 minutes', () => {
  const lockout = open()
  fail(lockout, 8)
  time += 7999
  expect(lockout.isLocked('ada')).toBe(true)
  time += 1
  expect(lockout.isLocked('ada')).toBe(false)

  fail(lockout, 100)
  time += 15 * 60_000
  expect(lockout.isLocked('ada')).toBe(false)
})

test('a right password begins again', () => {
  const lockout = open()
  fail(lockout, 4)
  lockout.noteSuccess('ada')
  fail(lockout, 4)

  expect(lockout.isLocked('ada')).toBe(false)
})
