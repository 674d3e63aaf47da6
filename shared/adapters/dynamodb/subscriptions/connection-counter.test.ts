import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { connectionCounter } from './connection-counter.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const HOUR_MS = 3_600_000
const ADA = makePrincipal({ name: 'ada', role: 'viewer' })

test('connections that were lost without a close count for two hours and twenty minutes at most', async () => {
  const { client, itemsOf } = tinyDynamodb()
  const store = dynamoSubscriptionStore(client, TINY_TABLES, { shard: 0, shards: 1 })
  const counts: number[] = []
  const note = async () => void counts.push(await store.countConnections())
  await store.connect('lost', ADA)
  await store.connect('closed', ADA)
  await note()
  vi.advanceTimersByTime(HOUR_MS)
  await store.connect('later', ADA)
  await store.removeConnection('closed')
  await note()
  vi.advanceTimersByTime(HOUR_MS)
  await note()
  vi.advanceTimersByTime(HOUR_MS / 3)
  await note()
  vi.advanceTimersByTime(2 * HOUR_MS)
  await note()

  expect(counts).toEqual([2, 2, 2, 1, 0])
  const spans = itemsOf('connections').filter((item) => item.connection === 'count#connections')
  expect(spans.every(({ expires }) => Number(expires) * 1000 <= Date.now())).toBe(true)
})

test('a removal that was counted without its connection does not make the number negative', async () => {
  const { client } = tinyDynamodb()
  const store = dynamoSubscriptionStore(client, TINY_TABLES, { shard: 0, shards: 1 })
  await connectionCounter(client, TINY_TABLES.connections).add(Date.now() / 1000 + 100, -1)

  expect(await store.countConnections()).toBe(0)
})
