import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { parse } from 'yaml'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeMessage, createMessage, ROUTES_WITH_RESPONSE } from './message.ts'

const REMAINING_MS = 10_000
const SUBSCRIBE = JSON.stringify({ action: 'subscribe', id: 's1', channels: ['tests.*', 'tidewire.stats'] })

type MessageEvent = Parameters<ReturnType<typeof createMessage>>[0]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const CONTEXT = { connectionId: 'c1', requestId: 'r1', identity: { sourceIp: '203.0.113.7' } }

async function createWorld() {
  const subscriptions = memorySubscriptionStore()
  await subscriptions.connect('c1', makePrincipal({ name: 'ada', role: 'viewer' }))
  const { gateway, posts, closed } = recordingGateway()
  const requestStats = vi.fn(async () => {})
  const audit = memoryAudit()
  const message = createMessage({
    ...composeMessage(readEnvironment(process.env)),
    store: memoryEventStore(),
    subscriptions,
    revocations: memoryRevocationStore(),
    identify: async () => makePrincipal({ issued: 1, expires: 9e12 }),
    gateway,
    requestStats,
    audit,
  })
  type Sent = {
    readonly isBase64Encoded?: boolean
    readonly routeKey?: string
    readonly remainingMs?: number
  }
  const send = (body: string, { isBase64Encoded = false, routeKey = '$default', ...sent }: Sent = {}) => {
    const event = { body, isBase64Encoded, requestContext: { ...CONTEXT, routeKey } }
    return message(event as MessageEvent, makeContext(sent.remainingMs ?? REMAINING_MS))
  }
  const frames = () => posts.map(({ frame }) => JSON.parse(frame))
  return { send, frames, posts, closed, subscriptions, requestStats, audit }
}

describe('a message', () => {
  test('that the policy refuses is in the audit trail, with whose connection it came over', async () => {
    const { send, frames, audit } = await createWorld()

    await send(JSON.stringify({ action: 'subscribe', id: 's1', channels: ['market.user.bob.orders'] }))

    expect(frames()).toMatchObject([{ type: 'error', code: 'forbidden' }])
    expect(audit.entries).toMatchObject([
      {
        action: 'refused',
        principal: { kind: 'user', name: 'ada', role: 'viewer' },
        caller: { address: '203.0.113.7', requestId: 'r1' },
        target: 'subscribe',
      },
    ])
  })

  test('subscribes its connection, and asks for the statistics that it names', async () => {
    const { send, frames, subscriptions, requestStats } = await createWorld()

    expect(await send(SUBSCRIBE)).toEqual({ statusCode: 200 })

    expect(await subscriptions.list('c1')).toMatchObject([{ connection: 'c1', id: 's1' }])
    expect(frames()).toMatchObject([{ type: 'subscribed', id: 's1' }])
    expect(requestStats).toHaveBeenCalledExactlyOnceWith({ isFirst: true })
  })

  test('may come in base64', async () => {
    const { send, frames } = await createWorld()

    await send(Buffer.from(SUBSCRIBE).toString('base64'), { isBase64Encoded: true })

    expect(frames()).toMatchObject([{ type: 'subscribed', id: 's1' }])
  })

  test('is answered until two seconds before the end of the invocation', async () => {
    const { send, posts } = await createWorld()

    await send(SUBSCRIBE)

    expect(posts.map(({ connection, deadline }) => [connection, deadline])).toEqual([
      ['c1', performance.now() + REMAINING_MS - 2000],
    ])
  })

  test.each([
    ['ping', { type: 'pong', behind: false }],
    ['unsubscribe', { type: 'unsubscribed', id: 's1' }],
    ['refresh', { type: 'refreshed', expires: expect.any(String) }],
  ])('on the route %s is answered in its response, without a post', async (action, answer) => {
    const { send, posts } = await createWorld()

    const response = await send(JSON.stringify({ action, id: 's1', token: 't' }), { routeKey: action })

    expect(response).toEqual({ statusCode: 200, body: expect.any(String) })
    expect(JSON.parse(Object(response).body)).toMatchObject(answer)
    expect(posts).toEqual([])
  })

  test('that is malformed gets an error frame, and is no error of the function', async () => {
    const { send, frames } = await createWorld()

    expect(await send('{"action":"dance","id":"s1"}', { routeKey: 'dance' })).toEqual({ statusCode: 200 })

    expect(frames()).toMatchObject([{ type: 'error', code: 'malformed', id: 's1' }])
  })

  test('of an unknown connection gets `expired` before the connection is closed, on every route', async () => {
    const { send, frames, closed, subscriptions } = await createWorld()
    await subscriptions.removeConnection('c1')

    expect(await send('{"action":"ping"}', { routeKey: 'ping' })).toEqual({ statusCode: 200 })

    expect(frames()).toMatchObject([{ type: 'error', code: 'expired' }])
    expect(closed).toEqual(['c1'])
  })
})

describe('a message that cannot be handled', () => {
  const hang = () => new Promise<never>(() => {})
  /** Little enough to be late at once. */
  const remainingMs = 1600
  let logged: MockInstance<typeof console.error>
  beforeEach(() => {
    logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  })
  afterEach(() => logged.mockRestore())

  test('in time is answered with an error that names it, and the connection stays', async () => {
    const { send, frames, closed, subscriptions } = await createWorld()
    subscriptions.register = hang

    expect(await send(SUBSCRIBE, { remainingMs })).toEqual({ statusCode: 200 })

    expect(frames()).toMatchObject([{ type: 'error', code: 'unavailable', id: 's1' }])
    expect(closed).toEqual([])
  })

  test('in time is answered in the response of its route', async () => {
    const { send, posts, subscriptions } = await createWorld()
    subscriptions.remove = hang

    const body = '{"action":"unsubscribe","id":"s1"}'
    const response = await send(body, { routeKey: 'unsubscribe', remainingMs })

    expect(JSON.parse(Object(response).body)).toMatchObject({ type: 'error', code: 'unavailable', id: 's1' })
    expect(posts).toEqual([])
  })

  test.each([
    [
      'a table does not respond',
      Object.assign(new Error('slow'), { name: 'TimeoutError' }),
      'The tables did not',
    ],
    ['something breaks', new TypeError('secret'), 'Something broke'],
  ])('because %s is answered with an error, without its text, which is logged', async (_, error, detail) => {
    const { send, frames, subscriptions } = await createWorld()
    subscriptions.register = () => Promise.reject(error)

    expect(await send(SUBSCRIBE)).toEqual({ statusCode: 200 })

    expect(frames()).toMatchObject([
      { type: 'error', code: 'unavailable', id: 's1', detail: expect.stringContaining(detail) },
    ])
    expect(JSON.stringify(frames())).not.toContain(error.message)
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(error.message))
  })
})

test('the routes that serverless.yml gives a response are those that are answered with one', async () => {
  const service = parse(await readFile('serverless.yml', 'utf8'), { merge: true })
  const [{ message }] = service.functions

  expect(message.events).toEqual([
    { websocket: '$default' },
    ...ROUTES_WITH_RESPONSE.map((route) => ({
      websocket: { route, routeResponseSelectionExpression: '$default' },
    })),
  ])
})
