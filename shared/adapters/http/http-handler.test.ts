import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { expect, test } from 'vitest'
import { decodeRequest } from './http-handler.ts'

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
