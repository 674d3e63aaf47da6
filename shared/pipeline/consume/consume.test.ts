import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { makeRecord } from '#shared/testing/accept/records.ts'
import { toDeadLetter } from './consume.ts'

test('a dead letter has the position, the reason and the bytes of its record', () => {
  const record = {
    ...makeRecord({ offset: 3, partition: 2, timestamp: 77 }, 'no event'),
    key: Buffer.from('k'),
  }

  expect(toDeadLetter(record, 'why', 3)).toEqual({
    topic: 'port',
    partition: 2,
    offset: 3,
    timestamp: 77,
    reason: 'why',
    attempts: 3,
    key: Buffer.from('k').toString('base64'),
    value: Buffer.from('no event').toString('base64'),
    truncated: false,
  })
})

test('a dead letter of a record without key and value has neither', () => {
  const record = { ...makeRecord({ offset: 0 }, ''), value: null }

  expect(toDeadLetter(record, 'why')).toMatchObject({ key: null, value: null, truncated: false, attempts: 1 })
})

test('a dead letter fits an item of DynamoDB, however large the record and the reason', () => {
  const record = { ...makeRecord({ offset: 0 }, 'x'.repeat(1_000_000)), key: Buffer.alloc(100_000) }

  const letter = toDeadLetter(record, 'r'.repeat(50_000))

  expect(letter.truncated).toBe(true)
  expect(Buffer.byteLength(JSON.stringify(letter))).toBeLessThan(400 * 1024)
})
