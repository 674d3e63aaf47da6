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

describe('wrong credentials', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack({ env: { RATE_LIMITS: 'failures=20,open=0' } })
  })
  afterAll(() => stack?.dispose())

  const statusOf = async (path: string, init: RequestInit) => (await fetch(stack.httpUrl + path, init)).status
  const tryKey = (key: string) => statusOf('/events', { headers: { 'x-api-key': key } })

  /** Tries 100 times, in the same minute of the clock. Returns how often each status came. */
  async function guess(attempt: (guess: number) => Promise<number>) {
    const left = 60_000 - (Date.now() % 60_000)
    if (left < 20_000) await sleep(left)
    const statuses: number[] = []
    for (let index = 0; index < 100; index++) statuses.push(await attempt(index))
    return statuses
  }

  it('are 429 after twenty guesses of a key within a minute, whichever function is asked, and right keys get in', async () => {
    expect(await tryKey('local-viewer-key')).toBe(200)

    const statuses = await guess((index) => tryKey(`guess-${index}`))

    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401))
    expect(new Set(statuses.slice(20))).toEqual(new Set([429]))
    const elsewhere = { method: 'POST', headers: { 'x-api-key': 'guess' }, body: BODY }
    expect(await statusOf('/events', elsewhere)).toBe(429)
    expect(await tryKey('local-viewer-key')).toBe(200)
    await expect.poll(() => tryKey('local-operator-key')).toBe(200)
  })

  it('are 429 after twenty wrong signatures of a webhook within a minute', async () => {
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }
    const statuses = await guess(() => statusOf('/webhooks/github', { method: 'POST', headers, body: '{}' }))

    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401))
    expect(new Set(statuses.slice(20))).toEqual(new Set([429]))
  })
})
