import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { expect, it, test } from 'vitest'
import { decodeRequest, httpHandler } from './http-handler.ts'

const event = (more: object) =>
  ({
    headers: { 'X-Api-Key': 'k' },
    rawPath: '/events',
    rawQueryString: 'a=1',
    requestContext: { http: { method: 'POST' } },
    ...more,
  }) as unknown as APIGatewayProxyEventV2

test.each([
  [{ body: 'ünï' }, 'ünï'],
  [{ body: 'AP8=', isBase64Encoded: true }, '\u0000\ufffd'],
  [{ body: null }, ''],
  [{}, ''],
  [{ body: 0 }, '0'],
  [{ body: false }, 'false'],
])('the body of %j is read as its bytes', (more, text) => {
  expect(new TextDecoder().decode(decodeRequest(event(more)).body)).toBe(text)
})

test('header names are read in lower case', () => {
  expect(decodeRequest(event({})).headers).toEqual({ 'x-api-key': 'k' })
})

const request = {
  headers: {},
  rawPath: '/events',
  rawQueryString: '',
  requestContext: { http: { method: 'GET' } },
} as unknown as APIGatewayProxyEventV2

it('a request that outlives its function is answered 503 before the time is up', async () => {
  const handler = httpHandler(() => new Promise(() => {}))
  const context = { getRemainingTimeInMillis: () => 50 } as Context

  const response = await handler(request, context)

  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } })
  expect(String(response?.body)).toContain('longer than the function may run')
})
