import { expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { makeContext, makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { decodeRequest } from './http-handler.ts'
import type { HttpResponse } from './http-message.ts'
import { respondAs } from './respond-as.ts'

const ADA = makePrincipal()
const WITH_TOKEN = { authorization: 'Bearer the-token' }
const FORBIDDEN = new Refusal('forbidden', 'not granted')

function createWorld(headers: Readonly<Record<string, string>> = WITH_TOKEN) {
  const audit = memoryAudit()
  const identify = {
    byKey: () => {
      throw new Refusal('unauthenticated', 'This API key is not known.')
    },
    byToken: async () => ADA,
  }
  const event = makeHttpEvent('POST', '/events/e1/start', { headers })
  const request = decodeRequest(event, makeContext(1000), new AbortController().signal)
  const respond = (work: () => HttpResponse) =>
    respondAs(request, { identify, audit, limits: memoryLimits() }, work)
  return { respond, audit, caller: request.caller }
}

test('a response in the name of a principal leaves no entry', async () => {
  const { respond, audit } = createWorld()

  expect(await respond(() => ({ status: 200 }))).toEqual({ status: 200 })
  expect(audit.entries).toEqual([])
})

test('a refusal is recorded with its principal', async () => {
  const { respond, audit, caller } = createWorld()

  const response = await respond(() => {
    throw FORBIDDEN
  })

  expect(response.status).toBe(403)

  const entry = {
    action: 'refused',
    principal: { kind: 'user', name: 'ada', role: 'viewer' },
    caller,
    target: 'POST /events/e1/start',
    reason: 'not granted',
    group: 'POST events',
  }
  expect(audit.entries).toEqual([entry])
})

test('requests above the rate are recorded', async () => {
  const { respond, audit } = createWorld()
  const limited = new Refusal('rate_limited', 'slow down', { retryAfterSeconds: 1 })

  await respond(() => {
    throw limited
  })

  expect(audit.entries).toMatchObject([{ action: 'limited', reason: 'slow down' }])
})

test('wrong credentials are recorded without a principal, and missing ones are not', async () => {
  const wrong = createWorld({ 'x-api-key': 'a-wrong-key' })
  const missing = createWorld({})

  for (const { respond } of [wrong, missing])
    expect((await respond(() => ({ status: 200 }))).status).toBe(401)

  expect(wrong.audit.entries).toMatchObject([
    { action: 'credentials.refused', reason: 'This API key is not known.' },
  ])
  expect(wrong.audit.entries[0]).not.toHaveProperty('principal')
  expect(missing.audit.entries).toEqual([])
})

test.each(['malformed', 'not_found', 'conflict', 'unavailable'] as const)(
  'what is %s is no refusal of the policy',
  async (code) => {
    const { respond, audit } = createWorld()
    const error = new Refusal(code, 'no')

    const response = await respond(() => {
      throw error
    })

    expect(response.body).toMatchObject({ detail: 'no' })
    expect(audit.entries).toEqual([])
  },
)
