import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { decodeRequest, httpHandler } from './http-handler.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'

const event = (more: object) =>
  ({
    headers: { 'X-Api-Key': 'k' },
    rawPath: '/events',
    rawQueryString: 'a=1',
    requestContext: { http: { method: 'POST' } },
    ...more,
  }) as unknown as APIGatewayProxyEventV2

const decode = (event: APIGatewayProxyEventV2) =>
  decodeRequest(event, makeContext(1000), new AbortController().signal)

test.each([
  [{ body: 'ünï' }, 'ünï'],
  [{ body: 'AP8=', isBase64Encoded: true }, '\u0000\ufffd'],
  [{ body: null }, ''],
  [{}, ''],
])('the body of %j is read as its bytes', (more, text) => {
  expect(new TextDecoder().decode(decode(event(more)).body)).toBe(text)
})

test('header names are read in lower case', () => {
  expect(decode(event({})).headers).toMatchObject({ 'x-api-key': 'k' })
})

test('a request says where it came from, and has a trace even if none was sent', () => {
  const http = { method: 'GET', sourceIp: '203.0.113.7' }

  const { caller, headers } = decode(event({ requestContext: { requestId: 'r1', http } }))

  expect(caller).toEqual({ address: '203.0.113.7', requestId: 'r1', trace: headers.traceparent })
  expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
})

const request = {
  headers: {},
  rawPath: '/events',
  rawQueryString: '',
  requestContext: { http: { method: 'GET' } },
} as unknown as APIGatewayProxyEventV2

describe('a request that takes longer than the function may run', () => {
  const respondTo = async (method: string) => {
    const signals: AbortSignal[] = []
    const handler = httpHandler(({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const own = { ...request, requestContext: { http: { method } } } as APIGatewayProxyEventV2
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const response = await handler(own, makeContext(510))
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('ran out of time'))
    logged.mockRestore()
    return { response, signals }
  }

  test.each([
    ['POST', 'may or may not have been carried out. Send it again, unchanged'],
    ['GET', 'Reading this took too long. Send the request again'],
  ])('is 503 before the time limit, with what to do: %s', async (method, detail) => {
    const { response } = await respondTo(method)

    expect(response).toMatchObject({
      statusCode: 503,
      headers: {
        'content-type': 'application/problem+json',
        'retry-after': '2',
        'cache-control': 'no-store',
      },
    })
    expect(JSON.parse(String(response?.body))).toMatchObject({
      type: 'urn:tidewire:problem:unavailable',
      detail: expect.stringContaining(detail),
    })
  })

  test('is told so by its signal', async () => {
    const { signals } = await respondTo('GET')

    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

test.each([
  Object.assign(new Error('no response'), { name: 'TimeoutError' }),
  Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('slow down'), { name: 'ThrottlingException' }),
])('a table that does not respond is logged, and 503 without its text: %s', async (error) => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})

  const response = await httpHandler(() => Promise.reject(error))(request, makeContext(60_000))

  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } })
  expect(JSON.stringify(response)).not.toContain(error.message)
  expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(error.message))
  logged.mockRestore()
})

test('a response must not be cached unless it allows it', async () => {
  const context = makeContext(60_000)
  const headersOf = async (headers?: Record<string, string>) =>
    (
      await httpHandler(async () => ({ status: 200, body: {}, ...(headers && { headers }) }))(
        request,
        context,
      )
    )?.headers

  expect(await headersOf()).toMatchObject({ 'cache-control': 'no-store' })
  expect(await headersOf({ 'cache-control': 'max-age=60' })).toMatchObject({ 'cache-control': 'max-age=60' })
})

describe('a browser is told that a response', () => {
  const headersOf = async (headers: Record<string, string>, response: HttpResponse | Error) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const respond = async () => {
      if (response instanceof Error) throw response
      return response
    }
    const result = await httpHandler(respond)({ ...request, headers }, makeContext(60_000))
    logged.mockRestore()
    return result?.headers
  }
  const csv = { status: 200, headers: { 'content-type': 'text/csv' }, body: 'id,time' }

  test.each([
    [{ status: 200, body: {} }],
    [csv],
    [{ status: 204 }],
    [new Refusal('forbidden', 'No.')],
    [new Error('oh')],
  ])('is data that no page shows, runs, caches or loads without CORS: %j', async (response) => {
    expect(await headersOf({}, response)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      vary: 'origin',
    })
  })

  test('comes over HTTPS only, if it came over HTTPS', async () => {
    const header = 'strict-transport-security'
    expect(await headersOf({ 'x-forwarded-proto': 'https' }, csv)).toHaveProperty(header, 'max-age=63072000')
    expect(await headersOf({ 'x-forwarded-proto': 'http' }, csv)).not.toHaveProperty(header)
    expect(await headersOf({}, new Error('oh'))).not.toHaveProperty(header)
  })
})

test('an unexpected error is logged, and neither its text nor its cause is sent', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const error = new Error('password of db-7', { cause: new Error('host db-7') })
  const handler = httpHandler(() => Promise.reject(error))

  const response = await handler(request, makeContext(60_000))

  expect(response).toMatchObject({
    statusCode: 500,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  })
  expect(JSON.stringify(response)).not.toMatch(/password|db-7/)
  expect(JSON.parse(String(response?.body))).toMatchObject({ type: 'urn:tidewire:problem:internal' })
  expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/password of db-7.*host db-7/))
  logged.mockRestore()
})

describe('a request with telemetry', () => {
  const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const send = async (more: object, respond: (request: HttpRequest) => Promise<HttpResponse>) => {
    const telemetry = memoryTelemetry()
    await httpHandler(respond, telemetry)({ ...request, ...more }, makeContext(5000))
    return telemetry
  }

  test('is a span of its route, which what it causes continues', async () => {
    const seen: HttpRequest[] = []
    const more = { headers: { traceparent: TRACEPARENT }, routeKey: 'GET /events/{id}', rawPath: '/events/1' }

    const { spans } = await send(more, async (one) => {
      seen.push(one)
      return { status: 200 }
    })

    expect(spans).toMatchObject([
      {
        name: 'GET /events/{id}',
        kind: 'server',
        parentId: '00f067aa0ba902b7',
        attributes: { 'http.route': 'GET /events/{id}' },
      },
    ])
    const continued = `00-4bf92f3577b34da6a3ce929d0e0e4736-${spans[0]?.id}-01`
    expect([seen[0]?.headers.traceparent, seen[0]?.caller.trace]).toEqual([continued, continued])
  })

  test('that only reads begins no trace of its own', async () => {
    expect((await send({}, async () => ({ status: 200 }))).spans).toEqual([])
  })

  test('that is refused is counted by its reason', async () => {
    const { counts } = await send({}, () => Promise.reject(new Refusal('rate_limited', 'slow down')))

    expect(counts.get('requests_refused rate-limited')).toBe(1)
    expect(counts.get('requests_limited')).toBe(1)
  })
})
