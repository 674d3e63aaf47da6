import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { makeRecord } from '#shared/testing/accept/records.ts'
import { toDeadLetter } from './to-dead-letter.ts'

const finding = { reason: 'why', code: 'undecodable', consumer: 'deliver', found: 99 } as const
const base64 = (text: string) => Buffer.from(text).toString('base64')
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

describe('a dead letter', () => {
  test('has the position, the reason, the bytes and the headers of its record', () => {
    const record = {
      ...makeRecord({ offset: 3, partition: 2, timestamp: 77 }, 'no event'),
      key: Buffer.from('k'),
      headers: [{ name: 'content-type', value: Buffer.from('text/plain') }],
    }

    expect(toDeadLetter(record, { ...finding, attempts: 3 })).toEqual({
      topic: 'port',
      partition: 2,
      offset: 3,
      timestamp: 77,
      reason: 'why',
      code: 'undecodable',
      consumer: 'deliver',
      attempts: 3,
      found: 99,
      key: base64('k'),
      value: base64('no event'),
      truncated: false,
      headers: [{ name: 'content-type', value: base64('text/plain') }],
      status: 'open',
    })
  })

  test('has neither key nor value if its record has none', () => {
    const record = { ...makeRecord({ offset: 0 }, ''), value: null }

    expect(toDeadLetter(record, finding)).toMatchObject({
      key: null,
      value: null,
      truncated: false,
      attempts: 1,
    })
  })

  test('fits an item of DynamoDB, however large the record, its headers and the reason', () => {
    const headers = Array.from({ length: 500 }, (_, n) => ({ name: `h${n}`, value: Buffer.alloc(5000) }))
    const value = JSON.stringify({
      id: 'i'.repeat(300_000),
      type: 't'.repeat(300_000),
      source: 's'.repeat(300_000),
    })
    const record = { ...makeRecord({ offset: 0 }, value), key: Buffer.alloc(100_000), headers }

    const letter = toDeadLetter(record, { ...finding, reason: 'r'.repeat(50_000) })

    expect(letter.truncated).toBe(true)
    expect(letter.headers.length).toBeGreaterThan(5)
    expect(letter.id).toHaveLength(1024)
    expect(Buffer.byteLength(JSON.stringify(letter))).toBeLessThan(400 * 1024)
  })

  test.each([
    [
      'JSON that is no event',
      '{"id":"1","type":"t","source":7,"traceparent":"x"}',
      { id: '1', type: 't', trace: 'x' },
    ],
    ['JSON that is no object', '[1]', {}],
    ['no JSON', '{"id":"1"', {}],
  ])('says what can be read of an event in %s', (_, value, expected) => {
    const { id, type, source, trace } = toDeadLetter(makeRecord({ offset: 0 }, value), finding)
    expect({ id, type, source, trace }).toEqual({ ...expected, source: undefined })
  })

  test('says what the headers of binary mode name', () => {
    const named = { ce_id: '1', ce_source: '/s', ce_type: 't', ce_traceparent: TRACE }
    const headers = Object.entries(named).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    const record = { ...makeRecord({ offset: 0 }, '{"id":"of the data"}'), headers }

    expect(toDeadLetter(record, finding)).toMatchObject({ id: '1', source: '/s', type: 't', trace: TRACE })
  })
})
