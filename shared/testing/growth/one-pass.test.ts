import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { eventsCsv } from '#shared/adapters/http/events-csv.ts'
import { readQuery } from '#shared/adapters/http/read-query.ts'
import { requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { parseCursor } from '#shared/core/cursor.ts'
import { domains } from '#shared/domain/catalog.ts'
import { checkData, checkEvent } from '#shared/pipeline/accept/check-event.ts'
import { readIdempotencyKey } from '#shared/pipeline/accept/idempotency-key.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { isMediaType, isUtf8MediaType } from '#shared/pipeline/cloudevents/media-type.ts'
import { validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import { hasAlready } from '#shared/pipeline/lifecycle/entity-tag.ts'
import { parseMessage } from '#shared/pipeline/sockets/answer-message.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'
import { mapWebhook } from '#shared/pipeline/webhooks/map-webhook.ts'
import { grantDeliveries, publicUrl, receiveWebhook } from '#shared/pipeline/webhooks/receive-webhook.ts'
import { webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import { cpuGrowth } from './cpu-growth.ts'

// Every reader of what anybody may send takes one pass: its CPU time grows as its input does. The limit lies between
// what is linear, 8, and what is quadratic, 64, and what fails is measured again.
const LIMIT = 24
const TRIES = 4

function expectOnePass(prepare: (n: number) => () => unknown, n: number): void {
  let growth = Number.POSITIVE_INFINITY
  for (let left = TRIES; left > 0 && growth > LIMIT; left--) growth = cpuGrowth(prepare, n)
  expect(growth).toBeLessThan(LIMIT)
}

const catalog = createCatalog(domains)
const deps = { catalog, now: () => new Date(1_800_000_000_000), newId: () => 'id' }
const repeat = (text: string, n: number) => text.repeat(Math.ceil(n / text.length)).slice(0, n)
const numbered = (n: number, write: (index: number) => string, separator: string) => {
  const pieces: string[] = []
  for (let size = 0, index = 0; size < n; index++) {
    const piece = write(index)
    pieces.push(piece)
    size += piece.length + separator.length
  }
  return pieces.join(separator)
}
/** Less than what is allowed: the ratio is the same, and the tests are short. */
const SIZE = 400_000
/** What the gateway takes of headers and of a query string, and more. */
const HEADERS = 16_000

describe('a webhook with a wrong signature', () => {
  const sources = [...webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' }).values()]
  const FORM = 'application/x-www-form-urlencoded'
  const BODIES: readonly (readonly [string, string, (n: number) => string])[] = [
    ['a form of many fields', FORM, (n) => numbered(n, (index) => `f${index}=1`, '&')],
    ['a form of one field again and again', FORM, (n) => repeat('a=1&', n)],
    ['a form of separators', FORM, (n) => repeat('&', n)],
    ['a form of one field of escapes', FORM, (n) => `payload=${repeat('%41', n - 9)}`],
    [
      'a form of few fields that are long',
      FORM,
      (n) => numbered(n, (index) => `f${index}=${'x'.repeat(5000)}`, '&'),
    ],
    ['JSON of many members', 'application/json', (n) => `{${numbered(n, (index) => `"m${index}":1`, ',')}}`],
    ['JSON of many levels', 'application/json', (n) => '['.repeat(n / 2) + ']'.repeat(n / 2)],
    [
      'JSON of one member again and again',
      'application/json',
      (n) => `{${numbered(n, () => '"signature":1', ',')}}`,
    ],
    ['JSON that does not end', 'application/json', (n) => repeat('{"a":', n)],
    ['several parts', 'multipart/form-data; boundary=x', (n) => repeat('--x\r\n\r\na\r\n', n)],
    ['bytes', 'application/octet-stream', (n) => repeat('\0', n)],
  ]

  test.each(BODIES)('and %s is refused in one pass, whatever the source', (_, type, bodyOf) => {
    expectOnePass((n) => {
      const body = Buffer.from(bodyOf(n))
      const request = {
        method: 'POST',
        url: 'https://example.com/webhooks/x',
        headers: { 'content-type': type },
        body,
      }
      return () => {
        for (const source of sources) attempt(() => receiveWebhook(source, request, deps))
      }
    }, SIZE / 2)
  })

  test.each([
    ['pairs', 't=1,v1=', ','],
    ['equal signs', '=', ''],
    ['items', 'v1,aaaa', ' '],
    ['base64', 'QUJD', ''],
    ['hex', 'sha256=abab', ','],
  ])('and headers of %s is refused in one pass', (_, piece, separator) => {
    const names = new Set(sources.flatMap(({ schemes }) => schemes.flatMap(headersOf)))
    expectOnePass((n) => {
      const value = repeat(piece + separator, n)
      const headers = Object.fromEntries([...names].map((name) => [name, value]))
      const request = {
        method: 'POST',
        url: `https://example.com/?${value}`,
        headers,
        body: Buffer.from('{}'),
      }
      return () => {
        for (const source of sources) attempt(() => receiveWebhook(source, request, deps))
        attempt(() => grantDeliveries({ 'webhook-request-origin': value }))
        publicUrl(undefined, { path: '/', rawQuery: value, headers: { 'x-forwarded-host': value } })
      }
    }, HEADERS)
  })
})

test('a webhook that is nested too deeply is refused as an event, and overflows no stack', () => {
  const body = Buffer.from(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  const headers = { 'content-type': 'application/json' }
  const request = { method: 'POST', url: 'https://a.example', headers, body }

  const draft = mapWebhook('tests', { volatile: ['attempt'] }, request)

  expect(() => validateEvent(draft)).toThrow(expect.objectContaining({ code: 'invalid_event' }))
})

describe('a header', () => {
  const HEADERS_OF: readonly (readonly [string, string, (value: string) => unknown])[] = [
    [
      'authorization of spaces',
      ' ',
      (value) => requirePrincipal({ headers: { authorization: `Bearer${value}` } }, nobody),
    ],
    [
      'authorization of words',
      ' a',
      (value) => requirePrincipal({ headers: { authorization: `Bearer${value}` } }, nobody),
    ],
    ['Idempotency-Key of escapes', '\\"', (value) => readIdempotencyKey(`"${value}`)],
    ['If-None-Match of tags', 'W/"a",', (value) => hasAlready(value, '"b"')],
    ['If-None-Match of quotes', '"W/', (value) => hasAlready(value, '"b"')],
    ['traceparent', '0', (value) => continueTrace(`00-${value}`)],
    [
      'Content-Type of parameters',
      ';a="\\',
      (value) => [isMediaType(`a/b${value}`), isUtf8MediaType(`a/b${value}`)],
    ],
    ['Content-Type of spaces', '; ', (value) => [isMediaType(`a/b${value}`), isUtf8MediaType(`a/b${value}`)]],
  ]
  test.each(HEADERS_OF)('%s is read in one pass', (_, piece, read) => {
    expectOnePass((n) => {
      const value = repeat(piece, n)
      return () => attempt(() => read(value))
    }, SIZE)
  })
})

describe('a query string', () => {
  test.each([
    ['channels', (n: number) => ({ channel: repeat('a.*,', n) })],
    ['channels that are wrong', (n: number) => ({ channel: repeat('*.*.*.*,', n) })],
    ['one channel of many segments', (n: number) => ({ channel: repeat('a.', n) })],
    ['types', (n: number) => ({ type: repeat('**.a,', n) })],
    [
      'parameters',
      (n: number) => Object.fromEntries(Array.from({ length: n / 8 }, (_, index) => [`p${index}`, 'x'])),
    ],
    ['a time', (n: number) => ({ from: repeat('2026-', n) })],
    ['digits', (n: number) => ({ limit: repeat('1', n) })],
  ])('with many %s is read in one pass', (_, queryOf) => {
    expectOnePass((n) => {
      const query = queryOf(n)
      return () => attempt(() => readQuery(query as Record<string, string>))
    }, SIZE)
  })

  test.each([
    ['topics', (n: number) => numbered(n, (index) => `t${index}@e:0=1`, ';')],
    ['partitions', (n: number) => `t@e:${numbered(n, (index) => `${index}=1`, ',')}`],
    ['characters', (n: number) => repeat('a', n)],
    ['separators', (n: number) => repeat(';', n)],
    ['an entry that does not end', (n: number) => `t@e:${repeat('1=1,', n)}`],
  ])('with a cursor of many %s is read in one pass', (_, cursorOf) => {
    expectOnePass((n) => {
      const cursor = cursorOf(n)
      return () => attempt(() => parseCursor(cursor))
    }, SIZE)
  })
})

describe('an event', () => {
  const plain = { 'content-type': 'application/json' }
  const structured = { 'content-type': 'application/cloudevents+json' }
  const batch = { 'content-type': 'application/cloudevents-batch+json' }
  const EVENT = { specversion: '1.0' as const, id: '1', source: '/s', type: 'tests.a' }
  const start = JSON.stringify(EVENT).slice(0, -1)
  type Case = readonly [string, Readonly<Record<string, string>>, (n: number) => string]
  const BODIES: readonly Case[] = [
    ['of many unknown members', plain, (n) => `{${numbered(n, (index) => `"m${index}":1`, ',')}}`],
    ['of many attributes', structured, (n) => `${start},${numbered(n, (index) => `"m${index}":1`, ',')}}`],
    ['of one long attribute', structured, (n) => `${start},"subject":"${repeat('a', n)}"}`],
    ['with a long source', structured, (n) => JSON.stringify({ ...EVENT, source: repeat('//a@%41:', n) })],
    ['with a long time', structured, (n) => JSON.stringify({ ...EVENT, time: repeat('2026-01-01T', n) })],
    [
      'with a long media type',
      structured,
      (n) => JSON.stringify({ ...EVENT, datacontenttype: `a/b${repeat(';a="\\', n)}` }),
    ],
    ['with a long category', structured, (n) => JSON.stringify({ ...EVENT, category: repeat('a.', n) })],
    [
      'with data of many levels',
      structured,
      (n) => `${start},"data":${'['.repeat(n / 2)}${']'.repeat(n / 2)}}`,
    ],
    [
      'with data of many members',
      structured,
      (n) => `${start},"data":{${numbered(n, (index) => `"m${index}":1`, ',')}}}`,
    ],
    ['in base64', structured, (n) => `${start},"data_base64":"${'A'.repeat(n - (n % 4))}"}`],
    ['in a batch of many', batch, (n) => `[${numbered(n, () => JSON.stringify(EVENT), ',')}]`],
    ['in a batch of many that are none', batch, (n) => `[${repeat('1,', n)}1]`],
    ['in a batch of empty ones', batch, (n) => `[${repeat('{},', n)}{}]`],
    ['that does not end', plain, (n) => repeat('{"data":', n)],
  ]
  test.each(BODIES)('%s is read in one pass', (_, headers, bodyOf) => {
    expectOnePass((n) => {
      const body = Buffer.from(bodyOf(n))
      return () => attempt(() => readPost({ headers, body }, 'ada', deps))
    }, SIZE / 2)
  })

  const types = domains.flatMap(({ events }) => Object.keys(events))
  test.each([
    ['many levels', (n: number) => `{"metadata":${'['.repeat(n / 2)}${']'.repeat(n / 2)}}`],
    ['many members', (n: number) => `{${numbered(n, (index) => `"m${index}":1`, ',')}}`],
    ['many items', (n: number) => `{"metadata":{"a":[${repeat('1,', n)}1]}}`],
    ['a long text', (n: number) => `{"title":"${repeat('a.', n)}","symbol":"${repeat('a.', n)}"}`],
  ])('of any type of the catalog with data of %s is checked in one pass', (_, dataOf) => {
    expectOnePass((n) => {
      const text = dataOf(n)
      return () => {
        for (const type of types) {
          const event = { ...EVENT, type, data: JSON.parse(text) }
          attempt(() => [...checkEvent(event), ...checkData(event, catalog)])
        }
      }
    }, 60_000)
  })

  test('in binary mode with many headers is read in one pass', () => {
    expectOnePass((n) => {
      const names = Array.from({ length: n / 8 }, (_, index) => [`ce-x${index}`, '%41'])
      const headers = { 'ce-id': '1', 'ce-type': 't', ...Object.fromEntries(names) }
      return () => attempt(() => readPost({ headers, body: Buffer.from('') }, 'ada', deps))
    }, SIZE)
  })
})

test.each([
  ['channels', (n: number) => `"channels":[${repeat('"a.*",', n)}"a"]`],
  ['channels that are wrong', (n: number) => `"channels":[${repeat('"*.*.*.*",', n)}"a"]`],
  ['one long channel', (n: number) => `"channels":["${repeat('*.', n)}"]`],
  ['values of a filter', (n: number) => `"channels":["a"],"filter":{"type":[${repeat('"a.*",', n)}"a"]}`],
  ['a long cursor', (n: number) => `"channels":["a"],"since":"t@e:${repeat('1=1,', n)}"`],
  ['members', (n: number) => numbered(n, (index) => `"m${index}":1`, ',')],
  ['levels', (n: number) => `"channels":${'['.repeat(n / 2)}${']'.repeat(n / 2)}`],
])('a message of a socket with many %s is read in one pass', (_, membersOf) => {
  expectOnePass((n) => {
    const text = `{"action":"subscribe","id":"s","attempt":1,${membersOf(n)}}`
    return () => attempt(() => parseMessage(text))
  }, 60_000)
})

const nobody = { byKey: async () => null, byToken: async () => Promise.reject(new Error('no token')) }

/** Runs what may refuse its input. A stack that overflows is no refusal. */
function attempt(run: () => unknown): void {
  try {
    const result = run()
    if (result instanceof Promise) result.catch(() => {})
  } catch (error) {
    if (error instanceof RangeError) throw error
  }
}

function headersOf(scheme: object): string[] {
  const { header, signature, timestamp } = scheme as Readonly<Record<string, unknown>>
  const of = (place: unknown) => (place as { readonly header?: string } | undefined)?.header
  return [header, of(signature), of(timestamp)].filter((name): name is string => typeof name === 'string')
}

test.each([
  ['line breaks', '\n'],
  ['tabs', '\t'],
  ['semicolons', ';'],
  ['signs', ';='],
  ['quotes and spaces', '" '],
  ['semicolons and spaces', '; '],
])('an event of many %s is exported in one pass', (_, piece) => {
  expectOnePass((n) => {
    const long = repeat(piece, n)
    const event = {
      specversion: '1.0' as const,
      id: '1',
      source: '/s',
      type: 't',
      subject: long,
      data: { title: long },
    }
    return () => eventsCsv([{ topic: 't', partition: 0, offset: 0, event }], ['title'])
  }, 120_000)
})
