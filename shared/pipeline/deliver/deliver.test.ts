import { expect, test } from 'vitest'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { makeEvent, makeRecord } from '#shared/testing/accept/records.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { type DeliverDeps, deliver } from './deliver.ts'
import { createKnownHeads } from './store-batch.ts'

const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
const DEADLINE = Date.now() + 60_000

function makeDeps(given: Partial<DeliverDeps> = {}) {
  const steps: string[] = []
  const store = memoryEventStore()
  const subscriptions = memorySubscriptionStore()
  const deps: DeliverDeps = {
    store: {
      ...store,
      advance(...args) {
        steps.push('head')
        return store.advance(...args)
      },
    },
    claims: memoryClaimStore(),
    deadLetters: memoryDeadLetterStore(),
    subscriptions: {
      ...subscriptions,
      matching(patterns) {
        steps.push('match')
        return subscriptions.matching(patterns)
      },
    },
    gateway: { post: async () => (steps.push('post') ? 'sent' : 'failed'), close: async () => {} },
    catalog,
    decode: recordDecoder(catalog, () => 'signed'),
    heads: createKnownHeads(),
    revocations: memoryRevocationStore(),
    postsAtOnce: 4,
    now: () => 1,
    ...given,
  }
  return { deps, steps, store, subscriptions }
}
const batch = [0, 1].map((partition) => makeRecord({ partition, offset: 5 }, makeEvent(`e${partition}`)))

test('the heads of all partitions are advanced before subscriptions are read and anything is posted', async () => {
  const { deps, steps, subscriptions } = makeDeps()
  await registerOn(subscriptions, { connection: 'c1', id: 's1', attempt: 1, channels: ['port.a'] })

  const result = await deliver(batch, DEADLINE, deps)

  expect(steps).toEqual(['head', 'head', 'match', 'post'])
  expect(result).toEqual({
    stored: 2,
    counted: 2,
    frames: 1,
    events: 2,
    gone: 0,
    ended: 0,
    behind: 0,
    failed: [],
  })
})

test('a partition that could not be stored is reported from its first offset, and the others continue', async () => {
  const { store } = makeDeps()
  const put: typeof store.put = (stream, events) =>
    stream.partition === 0 ? Promise.reject(new Error('throttled')) : store.put(stream, events)
  const { deps } = makeDeps({ store: { ...store, put } })

  const { stored, failed } = await deliver(
    [...batch, makeRecord({ offset: 6 }, makeEvent('x'))],
    DEADLINE,
    deps,
  )

  expect(stored).toBe(1)
  expect(failed).toMatchObject([{ topic: 'port', partition: 0, offset: 5 }])
  expect((await store.topic('port')).heads.has(0)).toBe(false)
})

test('a batch is retried if its subscriptions cannot be read', async () => {
  const { subscriptions } = makeDeps()
  const { deps } = makeDeps({
    subscriptions: { ...subscriptions, matching: () => Promise.reject(new Error('throttled')) },
  })

  await expect(deliver(batch, DEADLINE, deps)).rejects.toThrow('throttled')
})

test('a batch is retried if a subscription could not be marked behind', async () => {
  const { subscriptions } = makeDeps()
  await registerOn(subscriptions, { connection: 'c1', id: 's1', attempt: 1, channels: ['port.a'] })
  const { deps } = makeDeps({
    subscriptions: { ...subscriptions, markBehind: () => Promise.reject(new Error('throttled')) },
    gateway: { post: async () => 'failed', close: async () => {} },
  })

  await expect(deliver(batch, DEADLINE, deps)).rejects.toThrow('throttled')
})
