import { beforeEach, describe, expect, test } from 'vitest'
import { formatCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import type { EventStore, PostResult } from '#shared/pipeline/ports.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { planEvents } from './plan-replay.ts'
import { eventsSlice, type ReplayTarget } from './replay-events.ts'
import { newReplay } from './replay-job.ts'
import type { ReplayJob } from './replay-store.ts'
import { connectionTarget } from './replay-to-connection.ts'

const ADMIN = makePrincipal({ role: 'admin' })
const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
const tools = { signal: new AbortController().signal, report: async () => {} }
let store: EventStore
let epoch: string

/** Ten events in each of two partitions, of which every third is of another channel. */
beforeEach(async () => {
  store = memoryEventStore()
  epoch = (await store.topic('port')).epoch
  for (const partition of [0, 1]) {
    const stream = { topic: 'port', epoch, partition }
    const events = Array.from({ length: 10 }, (_, offset) =>
      makeStored(
        { topic: 'port', partition, offset },
        makeEvent(`${partition}-${offset}`, { category: offset % 3 === 0 ? 'port.b' : 'port.a' }),
      ),
    )
    await store.put(stream, events)
    await store.advance(stream, { offset: 9, first: 0, timestamp: 1009 }, undefined)
  }
})

const plan = (given: { from: string; to?: string; channels?: string[] }) =>
  planEvents({ channels: ['port.a'], ...given }, { store, catalog, access: accessOf(ADMIN) })
const at = (milliseconds: number) => new Date(milliseconds).toISOString()

async function createJob(given: Partial<ReplayJob> = {}, from = at(0)): Promise<ReplayJob> {
  const { spans, count } = await plan({ from })
  const request = { channels: ['port.a'], target: { connection: 'c' } }
  const draft = { kind: 'events', rate: 4, total: count.count, request, checkpoint: { spans } } as const
  return { ...newReplay(draft, { principal: ADMIN, now: 0, random: 'x' }), ...given }
}
/** Runs a job to its end. Returns what was counted. */
async function runAll(first: ReplayJob, target: ReplayTarget) {
  const slice = eventsSlice({ store, openTarget: async () => target })
  const counts = { done: 0, skipped: 0, failed: 0 }
  let job = first
  for (;;) {
    const result = await slice(job, tools)
    for (const name of ['done', 'skipped', 'failed'] as const) counts[name] += result.counts[name]
    if (result.isDone) return counts
    job = { ...job, checkpoint: result.checkpoint }
  }
}
const collecting = (access?: ReplayTarget['access']) => {
  const sent: PositionedEvent[] = []
  const batches: string[] = []
  const target: ReplayTarget = {
    ...(access && { access }),
    async send(events, batch) {
      sent.push(...events)
      batches.push(batch)
      return { isTaken: true }
    },
  }
  return { sent, batches, target }
}

describe('the plan of a replay of events', () => {
  test('counts the offsets from a time to a time, ends included', async () => {
    expect((await plan({ from: at(1003), to: at(1005) })).count).toEqual({ count: 6, byTopic: { port: 6 } })
    expect((await plan({ from: at(0) })).count.count).toBe(20)
    expect((await plan({ from: at(5000) })).count.count).toBe(0)
  })

  test('begins behind a cursor and ends with one', async () => {
    const cursor = (offset: number) =>
      formatCursor(
        new Map([
          [
            'port',
            {
              epoch,
              offsets: new Map([
                [0, offset],
                [1, offset],
              ]),
            },
          ],
        ]),
      )
    expect((await plan({ from: cursor(3), to: cursor(6) })).spans).toEqual([
      { topic: 'port', epoch, partition: 0, next: 4, upTo: 6 },
      { topic: 'port', epoch, partition: 1, next: 4, upTo: 6 },
    ])
  })

  test('is refused for a cursor of a topic that was created again', async () => {
    await expect(plan({ from: 'port@old:0=1' })).rejects.toMatchObject({ code: 'invalid_event' })
    await expect(plan({ from: at(0), to: 'port@old:0=1' })).rejects.toMatchObject({ code: 'invalid_event' })
  })
})

describe('a replay of events', () => {
  test('sends what matches, oldest first in each partition, and counts the rest as skipped', async () => {
    const { sent, target } = collecting()

    const counts = await runAll(await createJob(), target)

    expect(counts).toEqual({ done: 12, skipped: 8, failed: 0 })
    for (const partition of [0, 1])
      expect(sent.filter((one) => one.partition === partition).map(({ offset }) => offset)).toEqual([
        1, 2, 4, 5, 7, 8,
      ])
  })

  test('sends only what its target may read too', async () => {
    const { sent, target } = collecting({ ...accessOf(ADMIN), admits: () => false })
    expect(await runAll(await createJob(), target)).toEqual({ done: 0, skipped: 20, failed: 0 })
    expect(sent).toEqual([])
  })

  test('names a batch after its place, so that one that is sent again has the same name', async () => {
    const [first, again] = [collecting(), collecting()]
    const job = await createJob()
    await runAll(job, first.target)
    await runAll(job, again.target)
    expect(again.batches).toEqual(first.batches)
    expect(new Set(first.batches).size).toBe(first.batches.length)
  })

  test('counts what is refused as failed, and gives up after five batches in a row', async () => {
    const refusing: ReplayTarget = { send: async () => ({ isTaken: false, reason: 'the URL answered 400' }) }
    const job = await createJob({ rate: 2 })
    await expect(runAll(job, refusing)).rejects.toThrow(
      '5 batches in a row were refused: the URL answered 400',
    )
    expect(await runAll(await createJob({ rate: 100 }), refusing)).toEqual({
      done: 0,
      skipped: 8,
      failed: 12,
    })
  })

  test('fails if the topic was created again since', async () => {
    const job = await createJob()
    await store.renewEpoch('port', epoch)
    await expect(runAll(job, collecting().target)).rejects.toThrow('was created again')
  })

  test('of an empty range is done at once', async () => {
    expect(await runAll(await createJob({}, at(5000)), collecting().target)).toEqual({
      done: 0,
      skipped: 0,
      failed: 0,
    })
  })
})

describe('a connection as the target', () => {
  const posted: string[] = []
  const open = (result: PostResult, principal = makePrincipal()) =>
    connectionTarget('c1', 'r1', {
      subscriptions: { find: async () => ({ principal, ends: 9e9 }) },
      gateway: {
        post: async (_, frame) => {
          posted.push(frame)
          return result
        },
        close: async () => {},
      },
      now: () => 1000,
      elapsed: () => 0,
    })

  test('gets frames of the type replay', async () => {
    const target = await open('sent')
    const event = makeStored({ offset: 3 }, makeEvent('a'))
    expect(await target.send([event], 'b', tools.signal)).toEqual({ isTaken: true })
    expect(JSON.parse(posted.at(-1) ?? '')).toEqual({
      type: 'replay',
      replay: 'r1',
      events: [{ topic: 'port', partition: 0, offset: 3, event: makeEvent('a') }],
    })
  })

  test('may read what its principal may', async () => {
    const { access } = await open('sent')
    expect(access?.admits(makeEvent('a'))).toBe(true)
    expect(access?.admits(makeEvent('a', { category: 'tidewire.audit.refused' }))).toBe(false)
  })

  test('that is closed, or whose credential has ended, ends the replay; a slow one does not', async () => {
    const events = [makeStored({ offset: 0 }, makeEvent('a'))]
    await expect((await open('gone')).send(events, 'b', tools.signal)).rejects.toThrow('c1 is closed')
    await expect(open('sent', makePrincipal({ expires: 999 }))).rejects.toThrow('c1 is closed')
    await expect((await open('failed')).send(events, 'b', tools.signal)).rejects.toBeInstanceOf(Refusal)
  })
})
