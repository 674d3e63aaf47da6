import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { expect, it } from 'vitest'
import { httpHandler } from './http-handler.ts'

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
