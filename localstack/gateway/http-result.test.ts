import { expect, test } from 'vitest'
import { toHttpResult } from './http-result.ts'

const result = (payload: unknown, body?: string) =>
  toHttpResult({ isError: false, payload: JSON.stringify(payload), body })

test('a structured response is passed on, with header names in lower case', () => {
  const response = {
    statusCode: 201,
    headers: { 'Content-Type': 'text/csv', ETag: 7 },
    cookies: ['a=1', 'b=2'],
  }

  expect(result(response, 'a,b')).toEqual({
    status: 201,
    headers: { 'content-type': 'text/csv', etag: '7' },
    cookies: ['a=1', 'b=2'],
    body: 'a,b',
  })
})

test('a body without a type is text, and base64 is decoded', () => {
  expect(result({ statusCode: 200 }, 'hi').headers).toEqual({ 'content-type': 'text/plain;charset=UTF-8' })
  expect(result({ statusCode: 200, isBase64Encoded: true }, 'AP8=').body).toEqual(Buffer.from([0, 255]))
  expect(result({ statusCode: 204 })).toEqual({ status: 204, headers: {}, cookies: [], body: '' })
})

test.each([
  ['a text', 'Hello', 'Hello'],
  ['an object', { message: 'Hello' }, '{"message":"Hello"}'],
  ['a list', [1, 2], '[1,2]'],
  ['a number', 7, '7'],
  ['nothing', null, 'null'],
])('%s without a status code is the body of a 200, as JSON', (_, payload, body) => {
  const headers = { 'content-type': 'application/json' }
  expect(result(payload)).toEqual({ status: 200, headers, cookies: [], body })
})

test('an object with a body but no status code is the body as a whole', () => {
  expect(result({ a: 1 }, 'text').body).toBe('{"a":1,"body":"text"}')
})

test.each([
  ['a status code that is none', { statusCode: 'many' }],
  ['a status code out of range', { statusCode: 999 }],
  ['a body that is not text', { statusCode: 200, body: { a: 1 } }],
])('%s is a 500', (_, payload) => {
  expect(result(payload)).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' })
})

test('an error of the function is a 500 that does not say which', () => {
  const payload = JSON.stringify({ errorType: 'Error', errorMessage: 'secret' })

  expect(toHttpResult({ isError: true, payload, body: undefined })).toMatchObject({
    status: 500,
    body: '{"message":"Internal Server Error"}',
  })
})
