import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest } from '#shared/adapters/http/http-handler.ts'
import recorded from './fixtures/http-event.json' with { type: 'json' }
import { toHttpEvent } from './http-event.ts'

const match = { routeKey: '$default', functionKey: 'f', pathParameters: null }

function eventOf({
  method = 'POST',
  url = '/',
  headers = [],
  body = '',
}: {
  method?: string
  url?: string
  headers?: readonly string[]
  body?: string | readonly number[]
}) {
  const request = {
    method,
    url,
    rawHeaders: headers,
    sourceIp: '192.0.2.1',
    port: 3000,
    protocol: 'HTTP/1.1',
    body: Buffer.from(body as string),
    time: 1_583_348_638_390,
  }
  const { event, body: text } = toHttpEvent(request, match)
  return { ...(event as Omit<typeof recorded, 'body'>), body: text }
}

/** The name of every member, at any depth. */
const membersOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, member]) => membersOf(member, `${path}/${name}`))
    : [path]

test('the event has the members and the values of the one in the guide of API Gateway', () => {
  const headers = ['Header1', 'value1', 'HEADER2', 'value1', 'header2', 'value2', 'User-Agent', 'agent']
  const event = eventOf({
    url: '/my/path?parameter1=value1&parameter1=value2&parameter2=value',
    headers: [
      ...headers,
      'Host',
      recorded.requestContext.domainName,
      'Content-Type',
      'text/plain',
      'Cookie',
      'cookie1; cookie2',
    ],
    body: recorded.body,
  })

  const missing = membersOf(recorded).filter((member) => !membersOf(event).includes(member))
  expect(missing).toEqual(['/pathParameters/parameter1'])
  for (const name of [
    'version',
    'rawPath',
    'rawQueryString',
    'cookies',
    'queryStringParameters',
    'body',
  ] as const)
    expect(event[name]).toEqual(recorded[name])
  expect(event.headers).toMatchObject(recorded.headers)
  expect(event.headers).not.toHaveProperty('cookie')
  const { http, domainName, domainPrefix, timeEpoch } = recorded.requestContext
  expect(event.requestContext).toMatchObject({ http, domainName, domainPrefix, timeEpoch })
  expect(event.requestContext.time).toBe('04/Mar/2020:19:03:58 +0000')
})

test('the path is decoded, and the query is not', () => {
  const event = eventOf({ url: '/a%20b/c%2Fd/100%25?q=a%20b+c&empty=&q=%E2%9A%93&bad=%zz' })

  expect(event).toMatchObject({
    rawPath: '/a b/c/d/100%',
    rawQueryString: 'q=a%20b+c&empty=&q=%E2%9A%93&bad=%zz',
    queryStringParameters: { q: 'a b c,⚓', empty: '', bad: '%zz' },
  })
  expect(eventOf({ url: '/%zz' }).rawPath).toBe('/%zz')
  expect(eventOf({ url: 'http://local/a?b=1' })).toMatchObject({ rawPath: '/a', rawQueryString: 'b=1' })
})

test('what a request does not have is not in the event', () => {
  const event = eventOf({})

  expect(event.body).toBeNull()
  for (const name of ['cookies', 'queryStringParameters', 'pathParameters'])
    expect(event).not.toHaveProperty(name)
  expect(event.isBase64Encoded).toBe(false)
})

test.each([
  ['application/json', '"hello"'],
  ['application/json', 'null'],
  ['application/json', '0'],
  ['application/json; charset=utf-8', '{"ü":1}'],
  ['Text/Plain', '  spaces kept \n'],
  ['application/xml', '<a/>'],
])('a body of the type %s is passed as it is: %s', (type, body) => {
  expect(eventOf({ headers: ['content-type', type], body })).toMatchObject({ body, isBase64Encoded: false })
})

test.each([
  ['application/octet-stream', [0, 255]],
  ['application/x-www-form-urlencoded', [...Buffer.from('a=1')]],
  ['application/cloudevents+json', [...Buffer.from('{}')]],
  ['application/json', [0x22, 0xff, 0x22]],
  [null, [...Buffer.from('{}')]],
])('a body of the type %s with the bytes %j is base64', (type, bytes) => {
  const event = eventOf({ headers: type === null ? [] : ['content-type', type], body: bytes })

  expect(event.isBase64Encoded).toBe(true)
  expect([...Buffer.from(event.body ?? '', 'base64')]).toEqual(bytes)
})

test('a body with a content coding is base64, also one that happens to be text', () => {
  for (const coding of ['gzip', 'br', 'zstd']) {
    const headers = ['content-type', 'application/json', 'content-encoding', coding]
    expect(eventOf({ headers, body: '{}' })).toMatchObject({ body: 'e30=', isBase64Encoded: true })
  }
  const identity = ['content-type', 'application/json', 'content-encoding', 'identity']
  expect(eventOf({ headers: identity, body: '{}' })).toMatchObject({ body: '{}', isBase64Encoded: false })
})

test('any bytes of any media type are the same bytes for the function', () => {
  const texts = fc.constantFrom('null', '""', '"hello"', '0', '{"a":1.0}', '\u0000', '\ufeff{}', '\r\n', '')
  const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(toBytes), texts.map(toBytes))
  const types = fc.constantFrom('application/json', 'text/plain', 'application/octet-stream', 'a/b', '')
  fc.assert(
    fc.property(bytes, types, (sent, type) => {
      const event = eventOf({ headers: type === '' ? [] : ['content-type', type], body: [...sent] })
      const request = decodeRequest(
        { ...event, body: event.body ?? undefined } as never,
        { getRemainingTimeInMillis: () => 0 },
        new AbortController().signal,
      )
      expect([...request.body]).toEqual([...sent])
    }),
  )
})

function toBytes(text: string): Uint8Array {
  return Buffer.from(text)
}

test('the gateway says who sends, and leaves what a proxy before it has said', () => {
  expect(eventOf({}).headers).toMatchObject({
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-port': '3000',
    'x-forwarded-proto': 'http',
  })
  const headers = ['X-Forwarded-For', '198.51.100.7', 'X-Forwarded-Proto', 'https']
  expect(eventOf({ headers }).headers).toMatchObject({
    'x-forwarded-for': '198.51.100.7, 192.0.2.1',
    'x-forwarded-proto': 'https',
  })
})
