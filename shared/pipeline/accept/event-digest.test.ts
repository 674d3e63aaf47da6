import { expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { digestOf } from './event-digest.ts'

const PAIR = { id: 'e1', source: '/tests' }
const EVENT = { type: 'a', subject: 's', data: { n: 1, deep: [{ x: 1, y: 2 }] } }

test('the same event has the same digest, whatever the order of its members', () => {
  const digest = digestOf(EVENT, PAIR)

  expect(digest).toMatch(/^[\w-]{22}$/)
  expect(digestOf({ data: { deep: [{ y: 2, x: 1 }], n: 1 }, subject: 's', type: 'a' }, PAIR)).toBe(digest)
  expect(digestOf({ ...EVENT, specversion: '1.0', ...PAIR, traceparent: 't' }, PAIR)).toBe(digest)
})

test.each([
  { type: 'b' },
  { subject: 't' },
  { category: 'a' },
  { severity: 'high' },
  { time: '2026-03-01T10:00:00Z' },
  { data: { n: 2, deep: [{ x: 1, y: 2 }] } },
  { data: undefined, data_base64: 'AAAA' },
])('an event that differs in %j has another digest', (change) => {
  expect(digestOf({ ...EVENT, ...change }, PAIR)).not.toBe(digestOf(EVENT, PAIR))
})

test('an event of another id or source has another digest', () => {
  expect(digestOf(EVENT, { ...PAIR, id: 'e2' })).not.toBe(digestOf(EVENT, PAIR))
  expect(digestOf(EVENT, { ...PAIR, source: '/others' })).not.toBe(digestOf(EVENT, PAIR))
})

test('events whose numbers differ in the last digit have different digests', () => {
  const digest = (data: string) => digestOf({ ...EVENT, data: parseExactJson(data) }, PAIR)

  expect(digest('[820982911946154508]')).not.toBe(digest('[820982911946154509]'))
  expect(digest('{"b":1e400,"a":[]}')).toBe(digest('{"a":[],"b":1e400}'))
  expect(digest('1e400')).not.toBe(digest('null'))
})
