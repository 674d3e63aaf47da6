import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Subscription, SubscriptionRef, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { createScheduler } from '#shared/testing/delivery/scheduler.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { createRandom } from '#shared/testing/random.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { dynamoSubscriptionStore } from './dynamo-subscription-store.ts'

const PATTERNS = ['a', 'b', 'c', 'd'] as const
const CONNECTION = 'c1'
const RUNS = propertyRuns(500)

let time = 1_800_000_000_000
beforeEach(() => {
  vi.spyOn(Date, 'now').mockImplementation(() => ++time) // as in the cloud, no two registrations in one millisecond
})
afterEach(() => vi.restoreAllMocks())

function isFull(error: unknown): null {
  if (error instanceof Refusal && error.code === 'too_large') return null
  throw error
}

/** Concurrent operations of several sandboxes: their DynamoDB requests run one after another, in any order. */
async function race(
  seed: number,
  isCrowded: boolean,
): Promise<{
  store: SubscriptionStore
  attempts: number[]
  isRemoved: boolean
  slots: () => string[]
}> {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const { client, itemsOf } = tinyDynamodb({ yieldPoint: scheduler.yieldPoint, pageItems: 2 })
  const open = () => dynamoSubscriptionStore(client, TINY_TABLES, { shard: 0, shards: 1 })
  const store = open()
  await store.connect(CONNECTION, makePrincipal())
  const attempts: number[] = []
  let isRemoved = false
  const registered: SubscriptionRef[] = []
  const register = async () => {
    const attempt = 1 + random.pick(3)
    attempts.push(attempt)
    const channels = PATTERNS.filter(() => random.next() < 0.5)
    const request = {
      connection: CONNECTION,
      id: 's1',
      attempt,
      channels: channels.length > 0 ? channels : ['a'],
    }
    const ref = await open().register(request).catch(isFull)
    if (ref) registered.push(ref)
  }
  // Other subscriptions have all slots but one, and one more waits for that.
  const others = isCrowded
    ? Array.from({ length: SUBSCRIPTION_LIMIT - 1 }, (_, index) => `other-${index}`)
    : []
  const other = (id: string) =>
    open()
      .register({ connection: CONNECTION, id, attempt: 1, channels: ['elsewhere'] })
      .catch(isFull)
  if (isCrowded) {
    scheduler.spawn('others', async () => {
      for (const id of others) await other(id)
    })
    while (await scheduler.step());
  }
  const remove = async () => {
    isRemoved = true
    await (random.next() < 0.5 ? open().remove(CONNECTION, 's1') : open().removeConnection(CONNECTION))
  }
  const operations: readonly (() => Promise<void>)[] = [
    register,
    register,
    async () => {
      const met = (await store.matching(PATTERNS)).values()
      const one = [...met].flat()[0]
      if (one) await open().markBehind(one)
    },
    async () => void (await store.matching(PATTERNS)),
    remove,
  ]
  const used = random.next() < 0.5 ? operations : operations.slice(0, 4)
  const crowding = [register, remove, async () => void (await other('one-more'))]
  const operationsUsed = isCrowded ? crowding : used
  for (let wave = 0; wave < 2; wave++) {
    for (let count = 0; count < 4; count++)
      scheduler.spawn('operation', operationsUsed[random.pick(operationsUsed.length)] ?? register)
    while (await scheduler.step());
  }
  const slots = () => {
    const meta = itemsOf('connections').find(
      ({ connection, item }) => connection === CONNECTION && item === 'meta',
    )
    return Object.keys((meta?.slots ?? {}) as object)
  }
  return { store, attempts, isRemoved, slots }
}

const rowsOf = async (store: SubscriptionStore): Promise<(readonly [string, Subscription])[]> =>
  [...(await store.matching(PATTERNS))].flatMap(([pattern, rows]) =>
    rows.map((row) => [pattern, row] as const),
  )

test('after any race, the rows of a subscription match its record', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    fc.boolean(),
    async (own, isCrowded) => {
      const { store, attempts, isRemoved, slots } = await race(own, isCrowded)

      const record = (await store.list(CONNECTION)).find(({ id }) => id === 's1')
      const rows = await rowsOf(store)

      expect(rows.map(([pattern]) => pattern).sort()).toEqual([...(record?.channels ?? [])].sort())
      for (const [, row] of rows)
        expect(row).toMatchObject({ attempt: record?.attempt, registration: record?.registration })
      if (record) expect(slots(), 'what is registered has its slot').toContain('s1')
      if (record?.behind) expect(rows.every(([, row]) => row.behind)).toBe(true)
      if (!isRemoved && !isCrowded && attempts.length > 0) expect(record?.attempt).toBe(Math.max(...attempts))
    },
  )

  await fc.assert(property, {
    numRuns: RUNS,
    // It was removed while it was asked for again, and got no slot: its old row stayed.
    examples: [[463398912, true]],
  })
})
