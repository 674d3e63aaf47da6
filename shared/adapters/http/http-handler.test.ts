import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { expect, it, test, vi } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
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
])('the body of %j is read as its bytes', (more, text) => {
  expect(new TextDecoder().decode(decodeRequest(event(more), makeContext(1000)).body)).toBe(text)
})

test('header names are read in lower case', () => {
  expect(decodeRequest(event({}), makeContext(1000)).headers).toEqual({ 'x-api-key': 'k' })
})

const request = {
  headers: {},
  rawPath: '/events',
  rawQueryString: '',
  requestContext: { http: { method: 'GET' } },
} as unknown as APIGatewayProxyEventV2

it('a request that takes longer than the function may run gets 503 before the time limit', async () => {
  const handler = httpHandler(() => new Promise(() => {}))
  const context = { getRemainingTimeInMillis: () => 50 } as Context

  const response = await handler(request, context)

  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } })
  expect(String(response?.body)).toContain('longer than the function may run')
})

test('a response must not be cached unless it allows it', async () => {
  const context = { getRemainingTimeInMillis: () => 1000 } as Context
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

test('an unexpected error is logged, and neither its text nor its cause is sent', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const error = new Error('password of db-7', { cause: new Error('host db-7') })
  const handler = httpHandler(() => Promise.reject(error))

  const response = await handler(request, { getRemainingTimeInMillis: () => 1000 } as Context)

  expect(response).toMatchObject({
    statusCode: 500,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  })
  expect(JSON.stringify(response)).not.toMatch(/password|db-7/)
  expect(JSON.parse(String(response?.body))).toMatchObject({ type: 'urn:tidewire:problem:internal' })
  expect(logged).toHaveBeenCalledWith(error)
  logged.mockRestore()
})
