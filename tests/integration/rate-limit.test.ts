import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Problem, post } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const BODY = JSON.stringify({ type: 'test.limited', category: 'test.limited' })

describe('a credential with a limit of 5 requests per second', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack({ env: { RATE_LIMITS: 'write=5' } })
  })
  afterAll(() => stack?.dispose())

  it('gets what is left in a header, is refused with 429 above the limit, and continues after Retry-After', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => post(stack.httpUrl, BODY)))

    const accepted = answers.filter(({ status }) => status === 202)
    const refused = answers.filter(({ status }) => status === 429)
    expect(accepted.length + refused.length).toBe(30)
    expect(accepted.length).toBeGreaterThanOrEqual(5)
    expect(refused.length).toBeGreaterThan(10)
    for (const { headers } of answers) {
      expect(headers.get('ratelimit-policy')).toBe('"write";q=5;w=1')
      expect(headers.get('ratelimit')).toMatch(/^"write";r=\d;t=\d+$/)
    }
    for (const { headers, json } of refused) {
      expect((json as Problem).type).toBe('urn:tidewire:problem:rate-limited')
      expect(headers.get('retry-after')).toBe('1')
    }
    await sleep(1000)
    expect((await post(stack.httpUrl, BODY)).status).toBe(202)
  })

  it('gets the same headers with a refusal', async () => {
    await sleep(1000)
    const { status, headers } = await post(stack.httpUrl, '{')
    expect([status, headers.get('ratelimit')]).toEqual([400, '"write";r=4;t=1'])
  })
})
