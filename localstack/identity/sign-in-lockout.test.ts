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

test('a burst of wrong passwords has five tries, and attempts of others do not wait for it', async () => {
  const lockout = open()
  const guess = async () => {
    if (lockout.isLocked('ada')) return 'locked'
    await Promise.resolve()
    lockout.noteFailure('ada')
    return 'tried'
  }

  const burst = Array.from({ length: 30 }, () => lockout.inTurn('ada', guess))
  const other = await lockout.inTurn('bob', async () => 'at once')
  const results = await Promise.all(burst)

  expect(other).toBe('at once')
  expect(results.filter((result) => result === 'tried')).toHaveLength(5)
})

test('an attempt that fails lets the next one in', async () => {
  const lockout = open()
  const failing = lockout.inTurn('ada', () => Promise.reject(new Error('the emulator failed')))

  await expect(failing).rejects.toThrow('the emulator failed')
  expect(await lockout.inTurn('ada', async () => 'next')).toBe('next')
})
