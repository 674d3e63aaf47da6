import { randomUUID } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { startDynamodb } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { dynamoSubscriptionStore } from './dynamo-subscription-store.ts'

const { client, tables, name, stop } = await startDynamodb()
afterAll(stop)

it(`after the number of shards changed a subscription is behind until it subscribes again, ${name}`, async () => {
  const [before, after] = [1, 3].map((shards) =>
    dynamoSubscriptionStore(client, tables, { shard: 0, shards }),
  )
  const request = { connection: randomUUID(), id: 's', attempt: 1, channels: ['a.b'] }
  await registerOn(before, request)

  const seenBefore = await before?.list(request.connection)
  const seenAfter = await after?.list(request.connection)
  await registerOn(after, { ...request, attempt: 2 })
  const seenAgain = await after?.list(request.connection)

  expect([seenBefore, seenAfter, seenAgain].map((list) => list?.[0]?.behind)).toEqual([false, true, false])
})
