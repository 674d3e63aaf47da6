import { Buffer } from 'node:buffer'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import type { AnnounceStatsDeps } from '#shared/pipeline/stats/stats.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { stepClock } from '#shared/testing/functions/step-clock.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { readStats } from './lib/read-stats.ts'
import { composeStats, createStats } from './stats.ts'

const START = Date.parse('2026-03-01T08:00:00Z')
const CONTEXT = makeContext(20_000)

afterEach(() => {
  vi.restoreAllMocks()
})

function createWorld(more: Partial<AnnounceStatsDeps> = {}) {
  const clock = stepClock(START)
  const viewStore = memoryViewStore()
  const kafka = memoryEventLog()
  const stats = createStats({
    ...composeStats(readEnvironment(process.env)),
    kafka,
    store: memoryEventStore(),
    claims: memoryClaimStore(),
    viewStore,
    clock,
    read: () => readStats({ viewStore, subscriptions: memorySubscriptionStore(), clock }),
    ...more,
  })
  return { stats, kafka }
}

describe('a call', () => {
  test('writes the statistics to their channel, as they are after the time that it names', async () => {
    const { stats, kafka } = createWorld()

    await stats({ at: START + 2000, id: 'c1' }, CONTEXT)

    const written = kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    expect(written).toMatchObject([
      { id: `stats-${START + 2000}-c1`, category: 'tidewire.stats', data: { connections: 0 } },
    ])
    expect(Date.parse(written[0].data.time)).toBeGreaterThanOrEqual(START + 2000)
  })

  test('without a time is ignored, and logged', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { stats, kafka } = createWorld()

    await expect(stats(JSON.parse('{}'), CONTEXT)).resolves.toBeNull()

    expect(kafka.records).toEqual([])
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('has no time'))
  })

  test('does not fail if Kafka cannot be written: the error is logged', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const error = new Refusal('unavailable', 'no Kafka')
    const { stats } = createWorld({ kafka: { append: () => Promise.reject(error) } })

    await expect(stats({ at: START, id: 'c1' }, CONTEXT)).resolves.toBeNull()

    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(error.message))
  })

  test('does not fail if it takes longer than the function may: the next change announces', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { stats } = createWorld({ kafka: { append: () => new Promise(() => {}) } })

    await expect(stats({ at: START, id: 'c1' }, makeContext(550))).resolves.toBeNull()

    expect(logged).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('the statistics could not be announced in time'),
    )
  })
})
