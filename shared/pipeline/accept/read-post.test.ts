import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { CompleteEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { accept } from './accept.ts'
import { decodeRequest, readPost } from './read-post.ts'

test('the data of an event is checked against its schema once on its way in', async () => {
  let checks = 0
  const schema = z.looseObject({ metres: z.number() }).refine(() => ++checks > 0)
  const definition = {
    schema,
    key: ({ metres }: { metres: number }) => `k${metres}`,
    category: { rule: 'by distance', of: () => 'dock.near' },
    severity: { rule: 'by distance', of: () => 'low' },
  }
  const catalog = createCatalog([{ name: 'dock', topics: {}, events: { 'dock.moved': definition as never } }])
  const deps = { catalog, now: () => new Date(), newId: () => 'id' }
  const body = Buffer.from(JSON.stringify({ type: 'dock.moved', data: { metres: 3 } }))
  const append = async () => [{ topic: 'events', partition: 0, offset: 0 }]

  const { events, madeIds } = readPost({ headers: { 'content-type': 'application/json' }, body }, 'ada', deps)
  await accept(events, madeIds, { ...deps, claims: memoryClaimStore(), kafka: { append } })

  expect(events[0]).toMatchObject({ category: 'dock.near', severity: 'low', partitionkey: 'k3' })
  expect(checks).toBe(1)
})

const complete: CompleteEvent = (draft) => ({ specversion: '1.0', id: 'made', source: '/made', ...draft })
const decode = (contentType: string | undefined, body: unknown, headers: Record<string, string> = {}) =>
  decodeRequest(
    {
      headers: { ...(contentType !== undefined && { 'content-type': contentType }), ...headers },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    },
    complete,
  )
const refusal = (run: () => unknown): Refusal => {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('a posted body', () => {
  test('in structured mode is one event', () => {
    const event = makeEvent('1')
    expect(decode('application/cloudevents+json; charset=utf-8', event)).toEqual({
      isBatch: false,
      events: [event],
    })
  })

  test('in batch mode is a batch, also with one event or none', () => {
    const events = [makeEvent('1'), makeEvent('2')]
    expect(decode('application/cloudevents-batch+json', events)).toEqual({ isBatch: true, events })
    expect(decode('application/cloudevents-batch+json', [])).toEqual({ isBatch: true, events: [] })
  })

  test('in binary mode has its attributes in headers', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-category': 'port.a',
    }
    expect(decode('application/json', { a: 1 }, headers).events).toMatchObject([
      { id: '1', category: 'port.a', data: { a: 1 } },
    ])
  })

  test('in plain JSON is completed, and its data is JSON', () => {
    expect(decode('application/json;charset=UTF-8', { type: 't', data: null, subject: 's' }).events).toEqual([
      {
        specversion: '1.0',
        id: 'made',
        source: '/made',
        type: 't',
        subject: 's',
        data: null,
        datacontenttype: 'application/json',
      },
    ])
    expect(decode('Application/JSON', { type: 't' }).events[0]).not.toHaveProperty('datacontenttype')
  })
})

/** How senders write that a body is UTF-8, which media-type.test.ts has more of. */
const UTF8 = ['', ';', '; ', ';charset=utf-8', '; CHARSET="UTF-8"', '; charset=utf8', ' ; charset = utf-8']

describe.each(UTF8)('with %j behind its media type, a body is read', (parameters) => {
  const event = makeEvent('1')
  const attributes = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }

  test.each([
    ['structured', 'application/cloudevents+json', event, {}],
    ['batch', 'application/cloudevents-batch+json', [event], {}],
    ['binary', 'application/json', { a: 1 }, attributes],
    ['binary text', 'text/plain', 'a', attributes],
    ['plain', 'application/json', { type: 't', data: 1 }, {}],
  ])('in %s mode', (_, type, body, headers) => {
    const { events } = decode(type + parameters, body, headers)
    expect(events).toHaveLength(1)
    expect(events[0]?.datacontenttype ?? 'a/b').not.toMatch(/;$|; *charset *= /)
  })
})

test.each([
  ['null', null],
  ['""', ''],
  ['0', 0],
  ['false', false],
  ['[]', []],
])('a body %s of JSON in binary mode is the data', (body, data) => {
  const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }
  expect(decode('application/json', body, headers).events[0]).toMatchObject({ data })
})

describe('a header that came several times', () => {
  const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }

  test.each([
    ['ce-id', '1,2'],
    ['ce-id', '1,1'],
    ['ce-id', '1, 2'],
    ['ce-id', '"1","2"'],
    ['ce-specversion', '1.0,1.0'],
    ['ce-source', '/s,/s'],
    ['ce-type', 't,t'],
    ['ce-time', '2026-11-27T08:00:00Z,2026-11-27T08:00:00Z'],
    ['ce-severity', 'info,info'],
    ['ce-traceparent', 'a,b'],
    ['content-type', 'application/json,application/json'],
    ['content-type', 'application/json; charset=utf-8, text/plain'],
    ['content-type', 'application/cloudevents+json,application/cloudevents+json'],
  ])('is refused with its name: %s is %s', (name, value) => {
    const { code, faults } = refusal(() => decode('application/json', '1', { ...headers, [name]: value }))
    expect([code, faults.map(({ pointer }) => pointer)]).toEqual(['malformed', [`/${name}`]])
  })

  test.each([
    ['ce-id', '1%2C2', { id: '1,2' }],
    ['ce-id', '"1,2"', { id: '1,2' }],
    ['ce-source', '/s%2c1', { source: '/s,1' }],
    ['ce-subject', 'Hamburg, Germany', { subject: 'Hamburg, Germany' }],
    ['ce-subject', 'Hamburg,%20Germany', { subject: 'Hamburg, Germany' }],
    ['ce-subject', 'a,b', { subject: 'a,b' }],
    ['ce-subject', '/blobs/report,2026.csv', { subject: '/blobs/report,2026.csv' }],
    ['ce-subject', ',', { subject: ',' }],
    ['ce-dataschema', 'https://example.com/a,b', { dataschema: 'https://example.com/a,b' }],
    ['ce-partitionkey', 'a,b', { partitionkey: 'a,b' }],
    ['ce-myextension', 'a,a', { myextension: 'a,a' }],
    ['ce-tracestate', 'a=1,b=2', { tracestate: 'a=1,b=2' }],
  ])('is not one with a comma of its own: %s is %s', (name, value, expected) => {
    const { events } = decode('application/json', '1', { ...headers, [name]: value })
    expect(events[0]).toMatchObject(expected)
  })

  test('is ignored where the body has the attributes', () => {
    expect(decode('application/cloudevents+json', makeEvent('1'), { 'ce-id': '1,2' }).events).toHaveLength(1)
  })
})

describe('a body is refused', () => {
  test.each(['; charset=latin1', ';charset="utf-16"'])('whose charset is another one: %s', (parameters) => {
    expect(refusal(() => decode(`application/json${parameters}`, { type: 't' })).code).toBe(
      'unsupported_media_type',
    )
  })

  test.each([undefined, 'text/plain', 'application/jsonx', 'application/xml'])('whose type is %s', (type) => {
    expect(refusal(() => decode(type, { type: 't' })).code).toBe('unsupported_media_type')
  })

  test.each(['{', '', '\ud800', '[1,'])('that is not JSON: %j', (body) => {
    expect(refusal(() => decode('application/json', body)).code).toBe('malformed')
  })

  test.each([[[]], [5], ['null'], ['"text"']])('that is not an object: %j', (body) => {
    expect(refusal(() => decode('application/json', body)).code).toBe('invalid_event')
  })

  test('with every member that a plain event does not have, by its pointer', () => {
    const { faults } = refusal(() =>
      decode('application/json', { type: 't', 'a/b~c': 1, specversion: '1.0' }),
    )
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/a~1b~0c', '/specversion'])
  })

  test('naming the bad items of a batch by their index', () => {
    const { source: _, ...bad } = makeEvent('2')
    const strict: CompleteEvent = (draft) => draft
    const body = Buffer.from(JSON.stringify([makeEvent('1'), bad, 5]))
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const { faults } = refusal(() => decodeRequest({ headers, body }, strict))
    expect(new Set(faults.map(({ index }) => index))).toEqual(new Set([1, 2]))
  })

  test('or parsed, whatever it is, and throws nothing else', () => {
    const types = fc.constantFrom(
      'application/json',
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'text/plain',
    )
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())).map((list) => JSON.stringify(list)),
    )
    const property = fc.property(types, bodies, (type, body) => {
      try {
        decode(type, body)
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
      }
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
