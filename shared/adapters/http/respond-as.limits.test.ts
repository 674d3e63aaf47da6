import { expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import type { HttpRequest } from './http-message.ts'
import type { Identify } from './require-principal.ts'
import { respondAs, respondOpenly } from './respond-as.ts'

const identify: Identify = {
  byKey: async (key) =>
    key.startsWith('key-of-') ? makePrincipal({ name: key.slice('key-of-'.length) }) : null,
  byToken: () => Promise.reject(new Refusal('unauthenticated', 'no')),
}

function createWorld(rates: string) {
  const deps = {
    identify,
    audit: memoryAudit(),
    limits: memoryLimits({ rates, now: () => 1_800_000_000_000 }),
  }
  const request = (key: string | undefined, address: string) =>
    ({
      method: 'GET',
      path: '/events',
      query: {},
      headers: { 'x-api-key': key },
      caller: { address },
      signal: new AbortController().signal,
    }) as unknown as HttpRequest
  const respond = vi.fn(() => ({ status: 200 }))
  const ask = (key?: string, address = '203.0.113.7') => respondAs(request(key, address), deps, respond)
  const askOpenly = (address = '203.0.113.7') => respondOpenly(request(undefined, address), deps, respond)
  return { ask, askOpenly, respond, deps, request }
}
const statuses = (responses: readonly { status: number }[]) => responses.map(({ status }) => status)

test('a principal above its rate gets 429 with Retry-After, and the work is not done; others are not affected', async () => {
  const { ask, respond, deps } = createWorld('read=2')

  const answers = [await ask('key-of-ada'), await ask('key-of-ada'), await ask('key-of-ada')]

  expect(statuses(answers)).toEqual([200, 200, 429])
  expect(respond).toHaveBeenCalledTimes(2)
  expect(answers[2]?.headers).toMatchObject({ 'retry-after': '1', ratelimit: '"read";r=0;t=1' })
  expect((await ask('key-of-bob')).status).toBe(200)
  expect(deps.audit.entries.map(({ action }) => action)).toEqual(['limited'])
})

test('every response says what is left, refusals of the request itself included', async () => {
  const { ask, respond } = createWorld('read=4')
  respond.mockImplementationOnce(() => {
    throw new Refusal('malformed', 'no')
  })

  const refused = await ask('key-of-ada')

  expect([refused.status, refused.headers?.ratelimit]).toEqual([400, '"read";r=3;t=1'])
})

test('requests without credentials are counted by address, and so are those that need none', async () => {
  const { ask, askOpenly } = createWorld('open=2')

  expect(statuses([await ask(), await askOpenly(), await ask(), await askOpenly()])).toEqual([
    401, 200, 429, 429,
  ])
  expect(statuses([await ask('key-of-ada'), await ask(undefined, '203.0.113.8')])).toEqual([200, 401])
})

test('guesses of a key are limited: after 20 within a minute they get 429, and a right key still gets in', async () => {
  const { ask, deps } = createWorld('open=0')
  await ask('key-of-ada')
  const answers = []
  for (let guess = 0; guess < 1000; guess++) answers.push(await ask(`guess-${guess}`))

  expect(statuses(answers.slice(0, 20))).toEqual(Array.from({ length: 20 }, () => 401))
  expect(new Set(statuses(answers.slice(20)))).toEqual(new Set([429]))
  expect(answers.at(-1)?.headers?.['retry-after']).toBe('60')
  expect((await ask('key-of-ada')).status).toBe(200)
  expect(deps.audit.entries.map(({ action }) => action)).toContain('limited')
})

test('what became late is left to the handler', async () => {
  const { deps, request } = createWorld('read=4')
  const late = new Error('late')
  const own = { ...request('key-of-ada', ''), signal: AbortSignal.abort(late) }

  await expect(respondAs(own, deps, () => Promise.reject(late))).rejects.toBe(late)
})
