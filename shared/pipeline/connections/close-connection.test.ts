import { expect, test } from 'vitest'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { closeConnection } from './close-connection.ts'

test('a connection that is closed is told so, and has no subscription left that anything could be pushed to', async () => {
  const subscriptions = memorySubscriptionStore()
  const { gateway, posts, closed } = recordingGateway()
  await registerOn(subscriptions, { connection: 'c1', id: 's', attempt: 1, channels: ['port.*'] })
  await registerOn(subscriptions, { connection: 'c2', id: 's', attempt: 1, channels: ['port.*'] })

  const { principal } = await closeConnection('c1', { subscriptions, gateway })

  expect(principal).toEqual(makePrincipal())
  expect(posts.map(({ connection, frame }) => [connection, JSON.parse(frame).code])).toEqual([
    ['c1', 'closed'],
  ])
  expect(closed).toEqual(['c1'])
  const left = (await subscriptions.matching(['port.*'])).get('port.*') ?? []
  expect(left.map(({ connection }) => connection)).toEqual(['c2'])
  expect(await subscriptions.find('c1')).toBeNull()
})

test('a connection that is not open is not found', async () => {
  const { gateway, posts } = recordingGateway()

  await expect(
    closeConnection('c1', { subscriptions: memorySubscriptionStore(), gateway }),
  ).rejects.toMatchObject({ code: 'not_found' })
  expect(posts).toEqual([])
})
