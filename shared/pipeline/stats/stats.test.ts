import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Position } from '#shared/core/event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { NewRecord } from '#shared/pipeline/ports.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { announceStats, STATS_SLOT_MS, type StatsCall, statsRequester, wantsStats } from './stats.ts'

const START = 1_000 * STATS_SLOT_MS
let now = START
let ids = 0
const newId = () => `id-${++ids}`

beforeEach(() => {
  now = START
})

describe('a request', () => {
  async function createShards(channels: readonly string[]) {
    const calls: StatsCall[] = []
    const claims = memoryClaimStore(undefined, () => now)
    const shards = [memorySubscriptionStore(), memorySubscriptionStore()]
    const make = (call = async (one: StatsCall): Promise<void> => void calls.push(one)) =>
      statsRequester({ claims, listShards: () => shards, call, now: () => now, newId })
    const subscribe = async () => {
      await shards[1]?.connect('c1', makePrincipal({ name: 'anna', role: 'viewer' }))
      await registerOn(shards[1], { connection: 'c1', id: 's1', attempt: 1, channels })
    }
    return { calls, make, subscribe }
  }

  test('of many concurrent requests in a slot calls once, for the end of the slot', async () => {
    const { calls, make, subscribe } = await createShards(['tidewire.*'])
    await subscribe()
    const requests = [make(), make(), make()]
    for (const request of [...requests, ...requests]) await request()
    expect(calls).toEqual([{ at: START + STATS_SLOT_MS, id: expect.any(String) }])

    now += STATS_SLOT_MS
    for (const request of requests) await request()
    expect(calls.at(-1)?.at).toBe(START + 2 * STATS_SLOT_MS)
    expect(calls).toHaveLength(2)
  })

  test('does not call while no client is subscribed, or only to everything', async () => {
    const { calls, make, subscribe } = await createShards(['**', '*.stats'])
    const request = make()
    await request()
    await subscribe()
    now += STATS_SLOT_MS
    await request()
    expect(calls).toEqual([])
  })

  test('of the first subscriber has an effect, although there was a request before it', async () => {
    const { calls, make, subscribe } = await createShards(['tidewire.stats'])
    const request = make()
    await request()
    await subscribe()
    await request({ isFirst: true })
    await request()
    expect(calls).toHaveLength(1)
  })

  test.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('is not silenced by a clock that is set %s by an hour', async (_, jump) => {
    const { calls, make, subscribe } = await createShards(['tidewire.stats'])
    await subscribe()
    const [request, other] = [make(), make()]
    await request()
    now += jump
    await request()
    await other()
    now += STATS_SLOT_MS
    await request()

    expect(calls.map(({ at }) => at - START)).toEqual([2000, jump + 2000, jump + 4000])
  })

  test('leases one item only, however many slots there are', async () => {
    const leased = new Set<string>()
    const lease: ClaimStore['lease'] = async (key) => {
      leased.add(JSON.stringify(key))
      return 'taken'
    }
    const shard = memorySubscriptionStore()
    await registerOn(shard, { connection: 'c1', id: 's1', attempt: 1, channels: ['tidewire.stats'] })
    const call = async () => {}
    const request = statsRequester({
      claims: { lease },
      listShards: () => [shard],
      call,
      now: () => now,
      newId,
    })
    for (let slot = 0; slot < 5; slot++) {
      await request()
      now += STATS_SLOT_MS
    }
    expect(leased.size).toBe(1)
  })

  test('never throws', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { make, subscribe } = await createShards(['tidewire.stats'])
    await subscribe()
    await make(() => Promise.reject(new Error('no such function')))()
    expect(logged).toHaveBeenCalledOnce()
    logged.mockRestore()
  })

  test.each([
    [['tidewire.stats'], true],
    [['a', 'tidewire.**'], true],
    [['**'], false],
    [['*.*', 'tidewire.other'], false],
  ])('%j includes statistics: %s', (channels, expected) => expect(wantsStats(channels)).toBe(expected))
})

describe('an announcement', () => {
  function createWorld() {
    const records: NewRecord[] = []
    const [claims, store, viewStore] = [memoryClaimStore(), memoryEventStore(), memoryViewStore()]
    const kafka = {
      append: async (wanted: readonly NewRecord[]): Promise<Position[]> =>
        wanted.map(({ topic }, index) => ({
          topic,
          partition: 0,
          offset: records.push(...wanted) - wanted.length + index,
        })),
    }
    const sleep = async (ms: number) => {
      now += ms
    }
    const clock = { now: () => now, elapsed: () => now, sleep }
    const deps = { kafka, claims, store, viewStore, clock, newId, catalog: createCatalog([]) }
    return { records, store, viewStore, deps }
  }
  const told = ({ value }: NewRecord) => JSON.parse(Buffer.from(value).toString())

  test('is sent after the slot, on its channel, and once, however often it is called', async () => {
    const { records, deps } = createWorld()
    const read = async () => ({ total: 7, readAt: now })
    await announceStats({ at: START + 2000, id: 'c1' }, { ...deps, read })
    await announceStats({ at: START + 2000, id: 'c1' }, { ...deps, read })

    expect(records).toHaveLength(1)
    const [event] = records.map(told)
    expect(event).toMatchObject({ type: 'tidewire.stats', category: 'tidewire.stats', data: { total: 7 } })
    expect(event.data.readAt).toBeGreaterThanOrEqual(START + 2000)
  })

  test('is sent again for a time that comes again because the clock was set back', async () => {
    const { records, deps } = createWorld()
    const read = async () => ({})
    await announceStats({ at: START + 2000, id: 'c1' }, { ...deps, read })
    now = START
    await announceStats({ at: START + 2000, id: 'c2' }, { ...deps, read })

    expect(records).toHaveLength(2)
  })

  test('counts stored events, or is sent anyway if the fold does not catch up', async () => {
    const { store, viewStore, deps } = createWorld()
    await addEvent(store, { topic: 'events', partition: 0, offset: 0, timestamp: 1, event: makeEvent('a') })
    const { epoch } = await store.topic('events')
    const seen: (number | undefined)[] = []
    const read = async () => {
      seen.push((await viewStore.progress('events')).get(0)?.offset)
      return {}
    }
    let naps = 0
    const sleep = async (ms: number) => {
      now += ms
      if (++naps === 4) await viewStore.advance({ topic: 'events', epoch, partition: 0 }, 0)
    }
    await announceStats({ at: START, id: 'c1' }, { ...deps, clock: { ...deps.clock, sleep }, read })
    await addEvent(store, { topic: 'events', partition: 0, offset: 1, timestamp: 1, event: makeEvent('b') })
    const before = now
    await announceStats({ at: START + 2000, id: 'c1' }, { ...deps, read })

    expect(seen).toEqual([0, 0])
    expect(now - before).toBeGreaterThan(2000)
  })
})
