import { describe, expect, test, vi } from 'vitest'
import { issueTicket } from '#shared/pipeline/sockets/tickets.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryTicketStore } from '#shared/testing/memory/memory-ticket-store.ts'
import { type ConnectDeps, type ConnectEvent, composeConnect, createConnect } from './connect.ts'
import { readEnvironment } from './lib/environment.ts'

const KEY = 'some-key'
const ADA = makePrincipal({ kind: 'key', name: 'key:ada', role: 'viewer' })
const BOB = makePrincipal({ name: 'bob' })
const CLOUD = process.env
const keyInUrl = async (key: string) => (key === KEY ? ADA : null)

const CONTEXT = { connectionId: 'c1', requestId: 'r1', identity: { sourceIp: '203.0.113.7' } }

function createWorld(
  env: Readonly<Record<string, string | undefined>>,
  remainingMs = 10_000,
  more: Partial<ConnectDeps> = {},
) {
  const subscriptions = memorySubscriptionStore()
  const tickets = memoryTicketStore()
  const requestStats = vi.fn(async () => {})
  const audit = memoryAudit()
  const revocations = memoryRevocationStore()
  const composed = composeConnect(readEnvironment(env))
  const deps = {
    ...composed,
    keyInUrl: composed.keyInUrl && keyInUrl,
    subscriptions,
    tickets,
    revocations,
    requestStats,
    audit,
    ...more,
  }
  const connect = createConnect(deps)
  const open = (query: Readonly<Record<string, string>> | null, connectionId = 'c1') =>
    connect(
      { requestContext: { ...CONTEXT, connectionId }, queryStringParameters: query } as ConnectEvent,
      makeContext(remainingMs),
    )
  const buy = async (principal = ADA) => (await issueTicket(principal, { tickets, now: Date.now })).ticket
  return { open, buy, subscriptions, tickets, revocations, requestStats, audit }
}

describe('$connect', () => {
  test('takes an API key in the URL on the local stack', async () => {
    const { open, subscriptions } = createWorld({ ...CLOUD, LOCAL: '1' })

    expect(await open({ key: KEY })).toEqual({ statusCode: 200 })
    expect((await subscriptions.find('c1'))?.principal).toEqual(ADA)
  })

  test('refuses an API key in the URL everywhere else, even with an endpoint of an emulator', async () => {
    const { open, subscriptions } = createWorld({ ...CLOUD, DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' })

    expect(await open({ key: KEY })).toEqual({ statusCode: 401 })
    expect(await subscriptions.find('c1')).toBeNull()
  })

  test('takes a ticket once', async () => {
    const { open, subscriptions, tickets, requestStats } = createWorld(CLOUD)
    const { ticket } = await issueTicket(ADA, { tickets, now: Date.now })

    expect(await open({ ticket })).toEqual({ statusCode: 200 })
    expect((await subscriptions.find('c1'))?.principal).toEqual(ADA)
    expect(requestStats).toHaveBeenCalledOnce()
    expect(await open({ ticket })).toEqual({ statusCode: 401 })
  })

  test('gives the connection the credential of the ticket, with its own times', async () => {
    const { open, buy, subscriptions } = createWorld(CLOUD)
    const expires = Date.now() + 60_000
    const ada = { ...ADA, issued: expires - 3_600_000, expires }

    await open({ ticket: await buy(ada) })

    expect((await subscriptions.find('c1'))?.principal).toEqual(ada)
  })

  test('refuses a ticket whose credential was revoked after it was bought', async () => {
    const { open, buy, subscriptions, revocations } = createWorld(CLOUD)
    const ticket = await buy()
    await revocations.revoke(ADA.name, Date.now(), Date.now() + 60_000)

    expect(await open({ ticket })).toEqual({ statusCode: 401 })
    expect(await subscriptions.find('c1')).toBeNull()
  })

  test('is 429 above the connections that a user may have, also if they are opened at once', async () => {
    const { open, buy, subscriptions } = createWorld({ ...CLOUD, CONNECTIONS_PER_USER: '3' })
    const tickets = await Promise.all(Array.from({ length: 8 }, () => buy(BOB)))

    const opened = await Promise.all(tickets.map((ticket, index) => open({ ticket }, `c${index}`)))

    const statuses = opened.map((response) => Object(response).statusCode)
    expect(statuses.filter((status) => status === 200)).toHaveLength(3)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect(await subscriptions.countConnections()).toBe(3)
    expect(await open({ ticket: await buy({ ...BOB, name: 'eve' }) }, 'eve')).toEqual({ statusCode: 200 })
  })

  test('is 503 if it takes longer than the function may, so that the client tries again', async () => {
    const { open, requestStats } = createWorld({ ...CLOUD, LOCAL: '1' }, 550)
    requestStats.mockReturnValue(new Promise(() => {}))

    expect(await open({ key: KEY })).toEqual({ statusCode: 503 })
  })

  test.each([null, {}, { key: 'another' }, { ticket: 'made-up' }])('refuses %j', async (query) => {
    const { open, requestStats, audit } = createWorld({ ...CLOUD, LOCAL: '1' })

    expect(await open(query)).toEqual({ statusCode: 401 })
    expect(requestStats).not.toHaveBeenCalled()
    const caller = { address: '203.0.113.7', requestId: 'r1' }
    const refused = { action: 'credentials.refused', caller, target: '$connect' }
    expect(audit.entries).toMatchObject(Object.keys(query ?? {}).length > 0 ? [refused] : [])
  })
})

test('guesses of tickets are refused with 429 after 20 within a minute, and a right ticket opens the socket still', async () => {
  const { open, tickets } = createWorld(CLOUD, 10_000, {
    limits: memoryLimits({ rates: 'failures=20', now: () => 1_800_000_000_000 }),
  })
  const statuses = []
  for (let guess = 0; guess < 40; guess++) statuses.push(await open({ ticket: `guess-${guess}` }))

  expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => ({ statusCode: 401 })))
  expect(statuses[39]).toEqual({ statusCode: 429, headers: { 'retry-after': '60' } })
  const { ticket } = await issueTicket(ADA, { tickets, now: Date.now })
  expect(await open({ ticket })).toEqual({ statusCode: 200 })
})
