import { describe, expect, test, vi } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { createDisconnect } from './disconnect.ts'

type DisconnectEvent = Parameters<ReturnType<typeof createDisconnect>>[0]

const CONTEXT = makeContext(10_000)
const EVENT = { requestContext: { connectionId: 'c1' } } as DisconnectEvent

describe('$disconnect', () => {
  test('removes the connection and its subscriptions, and no other', async () => {
    const subscriptions = memorySubscriptionStore()
    for (const connection of ['c1', 'c2']) {
      await subscriptions.connect(connection, makePrincipal({ name: 'ada', role: 'viewer' }))
      await registerOn(subscriptions, { connection, id: 's1', attempt: 1, channels: ['tests.*'] })
    }
    const disconnect = createDisconnect({ subscriptions, requestStats: async () => {} })

    expect(await disconnect(EVENT, CONTEXT)).toEqual({ statusCode: 200 })

    expect(await subscriptions.find('c1')).toBeNull()
    expect([...(await subscriptions.matching(['tests.*'])).values()].flat()).toMatchObject([
      { connection: 'c2' },
    ])
  })

  test('asks for the statistics once they no longer count the connection', async () => {
    const subscriptions = memorySubscriptionStore()
    await subscriptions.connect('c1', makePrincipal({ name: 'ada', role: 'viewer' }))
    const counts: number[] = []
    const requestStats = vi.fn(async () => {
      counts.push(await subscriptions.countConnections())
    })

    await createDisconnect({ subscriptions, requestStats })(EVENT, CONTEXT)

    expect(counts).toEqual([0])
  })

  test('is no success if it takes longer than the function may', async () => {
    const subscriptions = { removeConnection: () => new Promise<void>(() => {}) }
    const disconnect = createDisconnect({ subscriptions, requestStats: async () => {} })

    expect(await disconnect(EVENT, makeContext(550))).toEqual({ statusCode: 503 })
  })
})
