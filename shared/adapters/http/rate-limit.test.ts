import { beforeEach, describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { rateLimiter } from './rate-limit.ts'

let time: number
beforeEach(() => {
  time = 1_000_000
})
const ok = async () => ({ status: 202, headers: { etag: '"x"' }, body: {} })
const limiter = (perSecond: number) => rateLimiter(perSecond, () => time)

describe('a rate limit', () => {
  test('allows the requests of one second at once, refuses the next, and refills over time', async () => {
    const limit = limiter(4)
    const burst = await Promise.all(Array.from({ length: 5 }, () => limit('ada', ok)))
    expect(burst.map(({ status }) => status)).toEqual([202, 202, 202, 202, 429])

    time += 250
    expect((await limit('ada', ok)).status).toBe(202)
    expect((await limit('ada', ok)).status).toBe(429)
    time += 60_000
    expect((await limit('ada', ok)).headers?.ratelimit).toBe('"default";r=3;t=1')
  })

  test('reports in every response what is left, including refusals of the request itself', async () => {
    const limit = limiter(4)
    const first = await limit('ada', ok)
    expect(first.headers).toEqual({
      etag: '"x"',
      'ratelimit-policy': '"default";q=4;w=1',
      ratelimit: '"default";r=3;t=1',
    })
    const refused = await limit('ada', () => Promise.reject(new Refusal('malformed', 'no')))
    expect([refused.status, refused.headers?.ratelimit]).toEqual([400, '"default";r=2;t=1'])
  })

  test('returns 429 as a problem with Retry-After', async () => {
    const limit = limiter(1)
    await limit('ada', ok)
    const { status, headers, body } = await limit('ada', ok)
    expect(status).toBe(429)
    expect(headers).toMatchObject({ 'retry-after': '1', ratelimit: '"default";r=0;t=1' })
    expect(body).toMatchObject({ type: 'urn:tidewire:problem:rate-limited' })
  })

  test('is counted for each credential', async () => {
    const limit = limiter(1)
    await limit('ada', ok)
    expect((await limit('bob', ok)).status).toBe(202)
  })

  test('of 0 is unlimited, without headers', async () => {
    const limit = limiter(0)
    const answers = await Promise.all(Array.from({ length: 100 }, () => limit('ada', ok)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(answers[0]?.headers).toEqual({ etag: '"x"' })
  })
})
