import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import * as z from 'zod'
import type { CloudEvent } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { domains } from '#shared/domain/catalog.ts'
import { defineDomain } from '#shared/domain/define-domain.ts'
import { createCatalog, UNCLAIMED_TOPIC } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { recordJudge } from '#shared/pipeline/signed-record.ts'

import { checkData, checkEvent, deriveCategory } from './check-event.ts'

const domain = defineDomain({
  name: 'dock',
  topics: { dock: ['dock.**'] },
  events: {
    'dock.crane.moved': {
      schema: z.looseObject({ metres: z.number(), loads: z.array(z.object({ 'a/b': z.int() })).optional() }),
      category: { rule: 'by distance', of: ({ metres }) => (metres > 9 ? 'dock.far' : 'dock.near') },
      severity: { rule: 'by distance', of: ({ metres }) => (metres > 9 ? 'high' : 'low') },
    },
    'dock.idle': { schema: z.looseObject({}).optional(), category: 'dock.near' },
  },
})
const catalog = createCatalog([domain])
const event = (more: Partial<CloudEvent>): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: '/s',
  type: 'dock.crane.moved',
  ...more,
})

test('data that matches its schema is accepted, with members that the schema does not name', () => {
  expect(checkData(event({ data: { metres: 3, operator: 'Kim' } }), catalog)).toEqual([])
  expect(checkData(event({ type: 'dock.idle' }), catalog)).toEqual([])
})

test.each([
  [{ data: {} }, '/data/metres', /required/],
  [{ data: { metres: '3' } }, '/data/metres', /expected number/],
  [{ data: { metres: 3, loads: [{ 'a/b': 1 }, { 'a/b': 'x' }] } }, '/data/loads/1/a~1b', /expected/],
  [{ data: null }, '/data', /expected object/],
  [{}, '/data', /required/],
  [{ data_base64: 'AAAA' }, '/data_base64', /send "data" as JSON/],
])('%j is refused with a pointer to what is wrong', (more, pointer, says) => {
  const faults = checkData(event(more), catalog)

  expect(faults).toEqual([{ pointer, detail: expect.stringMatching(says) }])
})

test('a type of no domain is accepted unless the deployment refuses it', () => {
  const strict = createCatalog([domain], { unknownTypes: 'refuse' })

  expect(checkData(event({ type: 'other' }), catalog)).toEqual([])
  expect(checkData(event({ type: 'other' }), strict)).toMatchObject([{ pointer: '/type' }])
  expect(checkData(event({ type: 'toString' }), strict)).toMatchObject([{ pointer: '/type' }])
})

test('category and severity are derived only from valid data', () => {
  const derived = (data: unknown) => deriveCategory({ type: 'dock.crane.moved', data }, catalog)

  expect(derived({ metres: 10 })).toMatchObject({ category: 'dock.far', severity: 'high' })
  expect(derived({ metres: 1 })).toMatchObject({ category: 'dock.near', severity: 'low' })
  expect(derived(null)).toMatchObject({ category: 'dock.crane.moved', severity: 'info' })
})

test('a record that was written straight to Kafka gets the same checks', () => {
  const decode = recordDecoder(catalog, recordJudge([]))
  const record = (data: unknown) => ({
    topic: 'dock',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    headers: [],
    value: Buffer.from(JSON.stringify(event({ data }))),
  })

  expect(decode(record({ metres: 12 })).event).toMatchObject({ category: 'dock.far' })
  expect(() => decode(record({ metres: 'far' }))).toThrow('/data/metres')
})

test('an id or a source that is too long for a claim is refused', () => {
  const long = 'é'.repeat(513)

  expect(checkEvent(event({ id: long, source: `/${long}`, category: 'a' }))).toMatchObject([
    { pointer: '/id' },
    { pointer: '/source' },
  ])
})

test('the examples and derived values of the catalog are valid', () => {
  const routes = createCatalog(domains)
  for (const { name, topics: own, events } of domains)
    for (const [type, { schema }] of Object.entries(events)) {
      const [data] = (schema.meta()?.examples as unknown[] | undefined) ?? []
      const completed = deriveCategory(event({ type, data }), routes) as CloudEvent

      expect.soft([...checkEvent(completed), ...checkData(completed, routes)], type).toEqual([])
      expect.soft(topicsOf(own, type), `${name}: ${type}`).toContain(routes.topicOf(completed.category ?? ''))
    }
})

/** A domain without topics uses the topic for unclaimed channels, and so do Tidewire's own events but the audit trail. */
function topicsOf(own: object, type: string): string[] {
  const names = Object.keys(own)
  return names.length > 0 && !['tidewire.stats', 'tidewire.erased'].includes(type) ? names : [UNCLAIMED_TOPIC]
}

test('numbers that a double cannot hold are derived from and checked as the nearest double', () => {
  const sent = (data: string) => ({ type: 'dock.crane.moved', data: parseExactJson(data) })

  const derived = deriveCategory(sent('{"metres":9.00000000000000000001}'), catalog)
  expect(derived).toMatchObject({ category: 'dock.near' })
  expect(JSON.stringify(derived.data)).toBe('{"metres":9.00000000000000000001}')
  expect(deriveCategory(sent('{"metres":12345678901234567890}'), catalog).category).toBe('dock.far')
  expect(checkData(event(sent('{"metres":-0,"loads":[{"a/b":-0}],"n":1e400}')), catalog)).toEqual([])
})

test.each([
  ['{"metres":1e400}', '/data/metres', 'is 1e400, '],
  ['{"metres":-1E400}', '/data/metres', 'is -1E400, '],
  ['{"metres":1,"loads":[{"a/b":9007199254740993}]}', '/data/loads/0/a~1b', 'is 9007199254740993, '],
  [`{"metres":${'9'.repeat(400)}}`, '/data/metres', `is ${'9'.repeat(40)}…, `],
  ['1e400', '/data', 'is 1e400, '],
])('a number that no schema takes is named as it was sent: %s', (data, pointer, start) => {
  const faults = checkData(event({ data: parseExactJson(data) }), catalog)

  expect(faults).toEqual([{ pointer, detail: expect.stringContaining(start) }])
  expect(faults[0]?.detail).not.toContain('level')
})
