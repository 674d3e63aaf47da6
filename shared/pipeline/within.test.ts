import { expect, test } from 'vitest'
import { within } from './within.ts'

test('what is done in time is returned, and what fails in time is thrown', async () => {
  expect(await within(60_000, Promise.resolve('done'), 'late')).toBe('done')
  await expect(within(60_000, Promise.reject(new Error('broken')), 'late')).rejects.toThrow('broken')
})

test('what takes longer is rejected with the reason', async () => {
  await expect(within(1, new Promise(() => {}), 'no response within 1 ms')).rejects.toThrow(
    'no response within 1 ms',
  )
})
