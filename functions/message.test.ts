import { Buffer } from 'node:buffer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeMessage, createMessage } from './message.ts'

const START = Date.parse('2026-03-01T08:00:00Z')
const REMAINING_MS = 10_000
const SUBSCRIBE = JSON.stringify({ action: 'subscribe', id: 's1', channels: ['tests.*', 'tidewire.stats'] })

type MessageEvent = Parameters<ReturnType<typeof createMessage>>[0]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

async function createWorld() {
  const subscriptions = memorySubscriptionStore()
  await subscriptions.connect('c1', { name: 'ada', role: 'viewer' })
  const { gateway, posts } = recordingGateway()
  const requestStats = vi.fn(async () => {})
  const message = createMessage({
    ...composeMessage(readEnvironment(process.env)),
    store: memoryEventStore(),
    subscriptions,
    gateway,
    requestStats,
  })
  const send = (body: string, isBase64Encoded = false) => {
    const event = { body, isBase64Encoded, requestContext: { connectionId: 'c1' } }
    return message(event as MessageEvent, makeContext(REMAINING_MS))
  }
  const frames = () => posts.map(({ frame }) => JSON.parse(frame))
  return { send, frames, posts, subscriptions, requestStats }
}

describe('a message', () => {
  test('subscribes its connection, and asks for the statistics that it names', async () => {
    const { send, frames, subscriptions, requestStats } = await createWorld()

    expect(await send(SUBSCRIBE)).toEqual({ statusCode: 200 })

    expect(await subscriptions.list('c1')).toMatchObject([{ connection: 'c1', id: 's1' }])
    expect(frames()).toMatchObject([{ type: 'subscribed', id: 's1' }])
    expect(requestStats).toHaveBeenCalledExactlyOnceWith({ isFirst: true })
  })

  test('may come in base64', async () => {
    const { send, frames } = await createWorld()

    await send(Buffer.from(SUBSCRIBE).toString('base64'), true)

    expect(frames()).toMatchObject([{ type: 'subscribed', id: 's1' }])
  })

  test('is answered until two seconds before the end of the invocation', async () => {
    const { send, posts } = await createWorld()

    await send('{"action":"ping"}')

    expect(posts.map(({ connection, deadline }) => [connection, deadline])).toEqual([
      ['c1', START + REMAINING_MS - 2000],
    ])
  })

  test('that is malformed gets an error frame, and is no error of the function', async () => {
    const { send, frames } = await createWorld()

    expect(await send('{"action":"dance","id":"s1"}')).toEqual({ statusCode: 200 })

    expect(frames()).toMatchObject([{ type: 'error', code: 'malformed', id: 's1' }])
  })
})
