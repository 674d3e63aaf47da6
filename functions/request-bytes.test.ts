import { Buffer } from 'node:buffer'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { createDirectory } from '#shared/pipeline/people/directory.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { memoryKeyStore } from '#shared/testing/memory/memory-key-store.ts'
import { memoryPeople } from '#shared/testing/memory/memory-people.ts'
import { composeAccounts, createAccounts } from './accounts.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeWrite, createWrite } from './write.ts'

type Sent = { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }

function createWorld() {
  const kafka = memoryEventLog()
  const env = readEnvironment(process.env)
  const common = { identify: identifyByRole, audit: memoryAudit() }
  const write = createWrite({
    ...composeWrite(env),
    ...common,
    sourceOwner: async () => null,
    kafka,
    claims: memoryClaimStore(),
  })
  const accounts = createAccounts({
    ...composeAccounts(env),
    ...common,
    keys: memoryKeyStore(),
    directory: createDirectory(memoryPeople([{ name: 'ada@example.com', role: 'admin' }]), { now: Date.now }),
  })
  const send = (role: 'publisher' | 'admin', route: string, { headers = {}, body }: Sent = {}) => {
    const [method = '', url = ''] = route.split(' ')
    const [path = '', rawQueryString = ''] = url.split('?')
    const event = makeHttpEvent(method, path, { headers: { ...keyOf(role), ...headers }, body })
    const query = Object.fromEntries(new URLSearchParams(rawQueryString))
    const handler = role === 'publisher' ? write : accounts
    return callHttp(handler, { ...event, rawQueryString, queryStringParameters: query })
  }
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    send('publisher', 'POST /events', { headers, body })
  const written = () => kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
  return { send, post, written }
}

const event = Buffer.from('{"type":"tests.made","data":{"n":1}}')

describe('a body with a content coding', () => {
  test.each([
    ['gzip', gzipSync(event)],
    ['deflate', deflateSync(event)],
    ['br', brotliCompressSync(event)],
    ['identity', event],
  ])('is decoded: %s', async (coding, body) => {
    const { post, written } = createWorld()

    expect((await post(body, { 'content-encoding': coding })).status).toBe(202)
    expect(written()).toMatchObject([{ type: 'tests.made', data: { n: 1 } }])
  })

  test('is decoded at the other routes too', async () => {
    const { send } = createWorld()
    const body = gzipSync('{"id":"ci","role":"viewer"}')

    expect(
      await send('admin', 'POST /keys', { headers: { 'content-encoding': 'gzip' }, body }),
    ).toMatchObject({
      status: 201,
      body: { id: 'ci' },
    })
  })

  test.each([
    ['zstd', event, 415],
    ['gzip', event, 400],
    ['gzip', gzipSync(event).subarray(0, 20), 400],
    ['gzip', gzipSync(Buffer.alloc(ACCEPT_LIMITS.bodyBytes + 1)), 413],
  ])('is refused: %s of %j', async (coding, body, status) => {
    const { post, written } = createWorld()

    const response = await post(body, { 'content-encoding': coding })

    expect([response.status, written()]).toEqual([status, []])
    expect(response.headers['accept-encoding']).toBe(status === 415 ? 'gzip, deflate, br' : undefined)
  })

  test('is not decoded for anybody without credentials', async () => {
    const { post } = createWorld()
    expect((await post(event, { 'content-encoding': 'gzip', 'x-api-key': 'guess' })).status).toBe(401)
  })

  test('is the same request for its key, with and without one', async () => {
    const { post, written } = createWorld()

    const first = await post(event, { 'idempotency-key': '"key-1"' })
    const second = await post(gzipSync(event), { 'idempotency-key': 'key-1', 'content-encoding': 'gzip' })

    expect([first.status, second.body]).toEqual([202, first.body])
    expect(written()).toHaveLength(1)
  })
})

describe('a header that came several times', () => {
  test.each([
    ['x-api-key', 'key-of-publisher,key-of-publisher'],
    ['idempotency-key', 'a,b'],
    ['content-type', 'application/json,application/json'],
    ['ce-id', '1,2'],
  ])('is 400 with its name: %s', async (name, value) => {
    const { post, written } = createWorld()

    const { status, body } = await post(event, { [name]: value })

    expect([status, written()]).toEqual([400, []])
    expect(JSON.stringify(body)).toContain(name)
  })
})

describe('HEAD', () => {
  test.each(['/keys', '/users', '/users/me'])(
    '%s is GET, whose body the gateway does not send',
    async (path) => {
      const { send } = createWorld()

      expect(await send('admin', `HEAD ${path}`)).toEqual(await send('admin', `GET ${path}`))
    },
  )
})

describe('escapes of a query that are none', () => {
  test.each([
    ['q=%zz', '/q'],
    ['q=%', '/q'],
    ['q=%ff', '/q'],
    ['q=%c3%28', '/q'],
    ['limit=1&q=a%2', '/q'],
    ['%zz=1', '/'],
    ['q', null],
    ['q=%25zz', null],
    ['q=%C3%BC', null],
  ])('are 400 with the name of the parameter: %s', async (query, pointer) => {
    const { send } = createWorld()

    const { status, body } = await send('admin', `GET /users?${query}`)

    expect([status, body.errors?.[0].pointer]).toEqual(pointer === null ? [200, undefined] : [400, pointer])
  })
})

test.each([
  ['next=', 200],
  ['next=broken', 400],
])('the list of people has no pages: %s is %i', async (query, status) => {
  const { send } = createWorld()
  expect((await send('admin', `GET /users?${query}`)).status).toBe(status)
})
