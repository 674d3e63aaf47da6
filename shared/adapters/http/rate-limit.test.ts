import { expect, test } from 'vitest'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { assertWithinRate, rateClassOf, withRate } from './rate-limit.ts'

test.each([
  ['GET', '/events', {}, 'read'],
  ['GET', '/events', { q: 'x' }, 'search'],
  ['GET', '/events', { q: '' }, 'read'],
  ['GET', '/events.csv', {}, 'search'],
  ['GET', '/events/since', {}, 'read'],
  ['GET', '/events/since', { wait: '20' }, 'search'],
  ['GET', '/events/since', { wait: '0' }, 'read'],
  ['GET', '/views/port/cases', { parts: 'true' }, 'search'],
  ['GET', '/dead-letters', {}, 'search'],
  ['GET', '/streams/events/0', {}, 'search'],
  ['GET', '/audit', {}, 'search'],
  ['POST', '/events', {}, 'write'],
  ['DELETE', '/events/e1', {}, 'write'],
  ['POST', '/tickets', {}, 'tickets'],
  ['GET', '/keys', {}, 'account'],
  ['DELETE', '/keys/k1', {}, 'account'],
  ['GET', '/users/me', {}, 'account'],
  ['GET', '/keyscape', {}, 'read'],
])('%s %s %j is of the class %s', (method, path, query, kind) => {
  expect(rateClassOf({ method, path, query: query as Record<string, string> })).toBe(kind)
})

test('the headers say what the limit is, what is left and when all of it is', () => {
  const limits = memoryLimits({ rates: 'write=4', now: () => 1000 })

  expect(withRate({ status: 202, headers: { etag: '"x"' } }, limits.take('write', 'ada')).headers).toEqual({
    etag: '"x"',
    'ratelimit-policy': '"write";q=4;w=1',
    ratelimit: '"write";r=3;t=1',
  })
})

test('a request without a limit has no headers of it, and is never refused', async () => {
  const response = { status: 200 }

  expect(withRate(response, null)).toBe(response)
  await expect(assertWithinRate(null)).resolves.toBeUndefined()
})

test('a request above its rate is refused with how long to wait', async () => {
  const limits = memoryLimits({ rates: 'write=1', now: () => 1000 })
  limits.take('write', 'ada')

  await expect(assertWithinRate(limits.take('write', 'ada'))).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfterSeconds: 1,
  })
})
