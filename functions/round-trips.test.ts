import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { countingDynamodb } from '#shared/testing/dynamodb/counting-dynamodb.ts'
import { makeContext, makeMskEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { composeDeliver, createDeliver } from './deliver.ts'
import { composeFold, createFold } from './fold.ts'
import { readEnvironment } from './lib/environment.ts'

const NAME = 'tidewire-tests-deliver'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T08:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The composed functions on one DynamoDB, with a subscriber that hears everything in each shard. */
async function startWarm(topic: string, make: (id: string) => CloudEvent, shards = 1) {
  const counter = countingDynamodb()
  const env = readEnvironment({
    ...process.env,
    SHARDS: String(shards),
    DELIVER_SHARDS: `${NAME}=0,${NAME}1=1`,
    UNKNOWN_TYPES: 'accept',
  })
  const tables = { client: counter.client, env }
  let beforePost: number | null = null
  const gateway = {
    async post() {
      beforePost ??= counter.roundTrips()
      return 'sent' as const
    },
    async close() {},
  }
  const composed = composeDeliver(env, tables)
  const deliver = createDeliver({ ...composed, gateway })
  const follow = createDeliver({ ...composeDeliver(env, tables), gateway })
  const fold = createFold({ ...composeFold(env, tables), kafka: memoryEventLog(), sleep: async () => {} })
  for (let n = 0; n < 8; n++)
    await registerOn(composed.shards.of(0), { connection: `c${n}`, id: 's', attempt: 1, channels: ['**'] })
  let offset = 0
  const nextBatch = (events: readonly CloudEvent[]) => {
    vi.setSystemTime(Date.now() + 10_000)
    const batch = makeMskEvent(topic, events)
    for (const record of Object.values(batch.records).flat())
      Object.assign(record, { offset: offset++, timestamp: Date.now() })
    return batch
  }
  /** Runs one function and returns what it cost. */
  const count = async (run: () => Promise<unknown>) => {
    counter.reset()
    beforePost = null
    expect(await run()).toEqual({ batchItemFailures: [] })
    return { calls: counter.calls().map(({ command, table }) => `${table} ${command}`), beforePost }
  }
  const deliverBatch = async (events: readonly CloudEvent[]) => {
    const batch = nextBatch(events)
    return {
      deliver: await count(() => deliver(batch, makeContext(60_000, NAME))),
      follow: shards > 1 ? await count(() => follow(batch, makeContext(60_000, `${NAME}1`))) : null,
      fold: await count(() => fold(batch, makeContext(60_000))),
    }
  }
  for (const id of ['warm 1', 'warm 2']) await deliverBatch([make(id)])
  return { deliverBatch }
}

describe('a lone event of a type that no domain defines', () => {
  const make = (id: string) =>
    makeEvent(id, { type: 'lone', category: 'lone.one', time: '2026-03-01T08:00:00Z' })

  test('costs at most 8 requests to DynamoDB, `deliver` and `fold` together', async () => {
    const { deliverBatch } = await startWarm('events', make)

    const { deliver, fold } = await deliverBatch([make('lone')])

    expect(deliver.calls.slice(0, 4)).toEqual([
      'claims Put',
      'log BatchWrite',
      'log Put',
      'subscriptions connections BatchGet', // with the version of what is revoked, once in two seconds
    ])
    // At most once in two seconds: whether anybody subscribes to the statistics.
    expect(deliver.calls.slice(4)).toEqual(['subscriptions BatchGet'])
    // The view of the statistics counts every event.
    expect(fold.calls).toEqual(['claims BatchGet', 'views Put', 'views Update'])
    expect(deliver.calls.length + fold.calls.length).toBeLessThanOrEqual(8)
  })

  test('is posted after at most 4 round trips in a row', async () => {
    const { deliverBatch } = await startWarm('events', make)

    const { deliver } = await deliverBatch([make('lone')])

    expect(deliver.beforePost).not.toBeNull()
    expect(deliver.beforePost).toBeLessThanOrEqual(4)
  })

  test('is not written by a shard above the first', async () => {
    const { deliverBatch } = await startWarm('events', make, 2)

    const { follow } = await deliverBatch([make('lone')])

    expect(follow?.calls.slice(0, 3)).toEqual([
      'log Query',
      'log Query',
      'subscriptions connections BatchGet',
    ])
    expect(follow?.calls.filter((call) => /Put|Write|Update|Delete/.test(call))).toEqual([])
    expect(follow?.beforePost).toBeLessThanOrEqual(4)
  })
})

test('a lone event of a type that views fold costs one write more for each part that it changes', async () => {
  const make = (id: string) =>
    makeEvent(id, {
      type: 'sensor.reading',
      category: 'sensor.reading.s1',
      datacontenttype: 'application/json',
      time: '2026-03-01T08:00:00Z',
      data: { sensorId: 's1', location: 'Quay', temperature: 20, humidity: 50 },
    })
  const { deliverBatch } = await startWarm('sensor-readings', make)

  const { deliver, fold } = await deliverBatch([make('lone')])

  const parts = fold.calls.filter((call) => call === 'views Put').length
  expect(parts).toBeGreaterThan(1)
  expect(fold.calls).toEqual(['claims BatchGet', ...Array(parts).fill('views Put'), 'views Update'])
  console.info(
    `a sensor reading: deliver ${deliver.calls.slice(0, 4).length}, fold ${fold.calls.length} requests`,
  )
})

test('a batch of 500 events with ids of the writer costs requests by the 25 and the 100', async () => {
  const make = (id: string) => makeEvent(id, { type: 'lone', category: 'lone.one' })
  const { deliverBatch } = await startWarm('events', make)

  const { deliver } = await deliverBatch(Array.from({ length: 500 }, (_, n) => make(`e${n}`)))

  const byKind = Map.groupBy(deliver.calls, (call) => call)
  expect(byKind.get('claims BatchGet')?.length).toBe(5)
  expect(byKind.get('log BatchWrite')?.length).toBe(20)
  expect(byKind.get('log Put')?.length).toBe(1)
})
