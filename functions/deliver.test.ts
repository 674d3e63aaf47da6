import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createPoisonGuard } from '#shared/pipeline/consume/poison-guard.ts'
import { createInstanceReporter, mergeReports } from '#shared/pipeline/telemetry/instance-report.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { makeContext, makeMskEvent } from '#shared/testing/functions/lambda-events.ts'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryReportStore } from '#shared/testing/memory/memory-report-store.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryTrialStore } from '#shared/testing/memory/memory-trial-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { composeDeliver, createDeliver, type DeliverFunctionDeps } from './deliver.ts'
import { readEnvironment } from './lib/environment.ts'

const NAME = 'tidewire-tests-deliver'
const REMAINING_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function createWorld() {
  const composed = composeDeliver(
    readEnvironment({ ...process.env, DELIVER_SHARDS: `${NAME}=0,${NAME}1=1`, UNKNOWN_TYPES: 'accept' }),
  )
  const shards = [memorySubscriptionStore(), memorySubscriptionStore()]
  const { gateway, posts } = recordingGateway()
  const store = memoryEventStore()
  const deadLetters = memoryDeadLetterStore()
  const requestStats = vi.fn(async () => {})
  const reports = memoryReportStore()
  const deps: DeliverFunctionDeps = {
    ...composed,
    store,
    claims: memoryClaimStore(),
    deadLetters,
    guard: createPoisonGuard({
      consumer: 'deliver',
      deadLetters,
      trials: memoryTrialStore(),
      owner: 'i1',
      now: Date.now,
    }),
    decode: recordDecoder(composed.catalog, () => 'signed'),
    gateway,
    revocations: memoryRevocationStore(),
    requestStats,
    report: createInstanceReporter({ store: reports, instance: 'i1', now: Date.now }),
    shards: { of: (shard) => shards[shard] ?? memorySubscriptionStore() },
  }
  const batch = makeMskEvent('events', [makeEvent('e1', { category: 'tests.a' })])
  const deliverWith = (other: Partial<DeliverFunctionDeps>) => createDeliver({ ...deps, ...other })
  return { deliver: createDeliver(deps), deliverWith, shards, posts, store, requestStats, reports, batch }
}

describe('a batch of the trigger', () => {
  test('is stored and pushed, and asks for the statistics', async () => {
    const { deliver, shards, posts, store, requestStats, batch } = createWorld()
    await registerOn(shards[0], { connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })

    expect(await deliver(batch, makeContext(REMAINING_MS, NAME))).toEqual({ batchItemFailures: [] })

    expect((await store.topic('events')).heads.get(0)?.offset).toBe(0)
    expect(posts.map(({ connection, frame }) => [connection, JSON.parse(frame).events[0].event.id])).toEqual([
      ['c1', 'e1'],
    ])
    expect(requestStats).toHaveBeenCalledOnce()
  })

  test('is reported with what each connection was sent, while somebody reads the reports', async () => {
    const { deliver, shards, reports, batch } = createWorld()
    await registerOn(shards[0], { connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })
    await reports.list()

    await deliver(batch, makeContext(REMAINING_MS, NAME))

    const { rateOf } = mergeReports(await reports.list(), Date.now())
    expect(rateOf('c1').eventsPerSecond).toBeGreaterThan(0)
    expect(rateOf('c2').eventsPerSecond).toBe(0)
  })

  test('keeps back five seconds of the invocation to settle what could not be posted', async () => {
    const { deliver, shards, posts, batch } = createWorld()
    await registerOn(shards[0], { connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })

    await deliver(batch, makeContext(REMAINING_MS, NAME))

    expect(posts.map(({ deadline }) => deadline)).toEqual([performance.now() + REMAINING_MS - 5000])
  })

  test('comes again for the partition that is not stored in time, and is pushed of the others', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { deliverWith, shards, posts, store } = createWorld()
    await registerOn(shards[0], { connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })
    const put: typeof store.put = (stream, events) =>
      stream.partition === 1 ? new Promise(() => {}) : store.put(stream, events)
    const [one, two] = ['e1', 'e2'].map((id, partition) =>
      makeMskEvent('events', [makeEvent(id, { category: 'tests.a' })], partition),
    )
    const batch = { ...makeMskEvent('events', []), records: { ...one?.records, ...two?.records } }

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const delivering = deliverWith({ store: { ...store, put } })(batch, makeContext(REMAINING_MS, NAME))
    while (!(await store.topic('events')).heads.has(0)) await new Promise(setImmediate)
    vi.advanceTimersByTime(REMAINING_MS / 2)
    const response = await delivering

    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'events-1', offset: 0 } }],
    })
    expect(posts.map(({ frame }) => JSON.parse(frame).events[0].event.id)).toEqual(['e1'])
    logged.mockRestore()
  })

  test('comes again as a whole if what was missed cannot be marked in time', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { deliverWith, shards, batch } = createWorld()
    await registerOn(shards[0], { connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })
    const subscriptions = { ...memorySubscriptionStore(), ...shards[0] }
    const stuck = { ...subscriptions, markBehind: () => new Promise<void>(() => {}) }
    const gateway = { post: async () => 'failed' as const, close: async () => {} }

    const response = await deliverWith({ gateway, shards: { of: () => stuck } })(
      batch,
      makeContext(1000, NAME),
    )

    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'events-0', offset: 0 } }],
    })
    logged.mockRestore()
  })

  test('goes to the shard that the environment names for the function', async () => {
    const { deliver, shards, posts, batch } = createWorld()
    await registerOn(shards[0], { connection: 'c0', id: 's', attempt: 1, channels: ['tests.*'] })
    await registerOn(shards[1], { connection: 'c1', id: 's', attempt: 1, channels: ['tests.*'] })

    await deliver(batch, makeContext(REMAINING_MS, NAME))
    await deliver(batch, makeContext(REMAINING_MS, `${NAME}1`))

    expect(posts.map(({ connection }) => connection)).toEqual(['c0', 'c1'])
  })

  test('is refused by a function whose shard is not set', async () => {
    const { deliver, batch } = createWorld()

    await expect(deliver(batch, makeContext(REMAINING_MS, `${NAME}2`))).rejects.toThrow(`${NAME}2`)
  })
})
