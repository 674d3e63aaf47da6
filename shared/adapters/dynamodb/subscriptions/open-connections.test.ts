import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { countingDynamodb } from '#shared/testing/dynamodb/counting-dynamodb.ts'
import { TINY_TABLES } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const MANY = 2000
const SPANS = 14

/** Many connections that were opened over an hour, one of them by eve. */
async function openMany() {
  const counter = countingDynamodb()
  const store = dynamoSubscriptionStore(counter.client, TINY_TABLES, { shard: 0, shards: 1 })
  for (let n = 0; n < MANY; n++) {
    vi.setSystemTime(1_800_000_000_000 + (n * 3_600_000) / MANY)
    await store.connect(`c${n}`, makePrincipal({ name: n === 7 ? 'eve' : 'ada' }))
  }
  counter.reset()
  return { store, calls: () => counter.calls().length }
}

test('a page costs a query for each of its connections, and one for each span that it crosses', async () => {
  const { store, calls } = await openMany()

  const { connections } = await store.listConnections({ limit: 20 })

  expect(connections.map(({ connection }) => connection).slice(0, 2)).toEqual([
    `c${MANY - 1}`,
    `c${MANY - 2}`,
  ])
  expect(connections).toHaveLength(20)
  expect(calls()).toBeLessThanOrEqual(20 + 2)
})

test('one connection among many is found by its principal without reading those of others', async () => {
  const { store, calls } = await openMany()

  const { connections, next } = await store.listConnections({ limit: 20, principal: 'eve' })

  expect(connections.map(({ connection }) => connection)).toEqual(['c7'])
  expect(next).toBeNull()
  expect(calls()).toBeLessThanOrEqual(2 * SPANS + 1)
})

test('what was lost without a close is listed until it expires', async () => {
  const { store } = await openMany()
  vi.setSystemTime(1_800_000_000_000 + 3 * 3_600_000)

  const all = await store.listConnections({ limit: 100, principal: 'eve' })

  expect(all.connections).toEqual([])
})
