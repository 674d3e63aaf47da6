import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { addEvent, makeLog, nameOf, trimmed } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { accessOf } from './access.ts'
import { awaitEvents, type CatchUpPage, catchUp } from './catch-up.ts'
import { type HistoryPage, listEvents } from './list-events.ts'

const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
const access = accessOf(makePrincipal())
const interests: fc.Arbitrary<Interest> = fc.constantFrom<Interest[]>(
  { channels: ['**'] },
  { channels: ['port.*'] },
  { channels: ['other.a', 'port.b'] },
  { channels: ['**'], filter: { severity: ['critical'] } },
)
const logs = fc.array(
  fc.record({
    channel: fc.constantFrom('port.a', 'port.b', 'other.a'),
    partition: fc.nat(2),
    timestamp: fc.nat(30),
    severity: fc.constantFrom('critical', 'low'),
  }),
  { maxLength: 60 },
)
type Entry = { channel: string; partition: number; timestamp: number; severity: string }
const fill = (entries: readonly Entry[]) =>
  makeLog(
    entries.map(({ channel, severity, ...place }) => ({
      ...place,
      topic: catalog.topicOf(channel),
      event: { category: channel, severity },
    })),
  )
const perPartition = (events: readonly PositionedEvent[]) =>
  Object.fromEntries(
    [...Map.groupBy(events, ({ topic, partition }) => `${topic}-${partition}`)].map(([key, list]) => [
      key,
      list.map(({ offset }) => offset),
    ]),
  )

async function followUp(page: (cursor: string) => Promise<CatchUpPage>, from: string, limit: number) {
  const events: PositionedEvent[] = []
  for (let cursor = from, pages = 0; pages < 200; pages++) {
    const next = await page(cursor)
    expect(next.recovered).toBe(true)
    expect(next.events.length).toBeLessThanOrEqual(limit)
    events.push(...next.events)
    if (next.cursor === cursor) return events
    cursor = next.cursor
  }
  throw new Error('the pages never end')
}

async function followDown(page: (next: string | undefined) => Promise<HistoryPage>, limit: number) {
  const events: PositionedEvent[] = []
  for (let next: string | undefined, pages = 0; pages < 200; pages++) {
    const answer = await page(next)
    expect(answer.events.length).toBeLessThanOrEqual(limit)
    events.push(...answer.events)
    if (answer.next === null) return events
    next = answer.next
  }
  throw new Error('the pages never end')
}

describe('catching up page by page', () => {
  test('reaches every matching event once, in order, whatever the log and the limit', async () => {
    const property = fc.asyncProperty(
      logs,
      interests,
      fc.integer({ min: 1, max: 20 }),
      async (entries, interest, limit) => {
        const { store, stored } = await fill(entries)

        const events = await followUp(
          (cursor) => catchUp(interest, cursor, limit, { store, catalog, access }),
          '',
          limit,
        )

        expect(perPartition(events)).toEqual(
          perPartition(stored.filter(({ event }) => matchesInterest(interest, event))),
        )
      },
    )
    await fc.assert(property)
  })

  test('without a cursor returns the end of the log', async () => {
    const { store } = await fill([{ channel: 'port.a', partition: 1, timestamp: 1, severity: 'low' }])
    const page = await catchUp({ channels: ['port.a'] }, undefined, 10, { store, catalog, access })
    expect(page).toMatchObject({ events: [], recovered: true })
    expect(page.cursor).toMatch(/^port@\w+:1=0$/)
  })

  test.each(['0=99', '0=0,5=0', '0=1'])(
    'a cursor ahead of the log (%s) is not recovered, and what there is begins again',
    async (offsets) => {
      const { store } = await fill([{ channel: 'port.a', partition: 0, timestamp: 1, severity: 'low' }])
      const { epoch } = await store.topic('port')
      const since = (cursor: string) =>
        catchUp({ channels: ['port.a'] }, cursor, 10, { store, catalog, access })

      const page = await since(`port@${epoch}:${offsets}`)
      expect(page).toMatchObject({ cursor: `port@${epoch}:0=0`, recovered: false, reason: 'ahead' })
      expect(page.events).toHaveLength(offsets === '0=0,5=0' ? 0 : 1)
      expect(await since(page.cursor)).toEqual({ events: [], cursor: page.cursor, recovered: true })
    },
  )

  test('a page that is not recovered says why', async () => {
    const { store } = await fill([{ channel: 'port.a', partition: 0, timestamp: 1, severity: 'low' }])
    const page = await catchUp({ channels: ['port.a'] }, 'port@older:0=0', 10, { store, catalog, access })
    expect(page).toMatchObject({ recovered: false, reason: 'epoch' })
  })

  test('a partition that grows as fast as it is read does not starve the others', async () => {
    const place = { topic: 'port', timestamp: 1 }
    const { store } = await fill(
      [0, 0, 1, 1, 1].map((partition) => ({ channel: 'port.a', partition, timestamp: 1, severity: 'low' })),
    )
    const seen = new Set<number>()
    let cursor = ''
    for (let offset = 2; offset < 14; offset += 2) {
      const page = await catchUp({ channels: ['port.a'] }, cursor, 2, { store, catalog, access })
      for (const { partition } of page.events) seen.add(partition)
      cursor = page.cursor
      for (const at of [offset, offset + 1])
        await addEvent(
          store,
          makeStored({ ...place, partition: 0, offset: at }, makeEvent(`n${at}`, { category: 'port.a' })),
        )
    }
    expect(seen).toEqual(new Set([0, 1]))
  })

  test('reports that the log begins above the cursor, and that the topic was created again', async () => {
    const { store } = await makeLog(Array.from({ length: 5 }, () => ({ topic: 'port', partition: 0 })))
    const { epoch } = await store.topic('port')
    const read = (cursor: string, from = store) =>
      catchUp({ channels: ['port.a'] }, cursor, 10, { store: from, catalog, access })
    expect(await read(`port@${epoch}:0=0`, trimmed(store, 2))).toMatchObject({ recovered: false })
    const page = await read('port@older:0=9')
    expect(page).toMatchObject({ recovered: false, cursor: `port@${epoch}:0=4` })
    expect(page.events).toHaveLength(5)
  })
})

describe('a page that is awaited', () => {
  const place = { topic: 'port', partition: 0, timestamp: 1 }

  /** A log of one event, more of which come while a request sleeps: `arrivals` is the channel of each by time. */
  async function createWait(arrivals: Readonly<Record<number, string>> = {}) {
    const { store } = await makeLog([{ topic: 'port', partition: 0, event: { category: 'port.a' } }])
    const { cursor } = await catchUp({ channels: ['port.a'] }, undefined, 10, { store, catalog, access })
    let [now, looks, offset] = [0, 0, 0]
    const clock = {
      now: () => now,
      elapsed: () => now,
      sleep: async (ms: number) => {
        const until = now + ms
        for (; now < until; now++) {
          const category = arrivals[now]
          if (category === undefined) continue
          const at = { ...place, offset: ++offset }
          await addEvent(store, makeStored(at, makeEvent(`n${offset}`, { category })))
        }
      },
    }
    const counting: EventStore = {
      ...store,
      topic: async (topic) => {
        looks++
        return store.topic(topic)
      },
    }
    const wait = (waitMs: number, from: string | undefined = cursor, reads = counting) =>
      awaitEvents(
        { channels: ['port.a'] },
        from,
        { limit: 10, waitMs },
        { store: reads, catalog, access, clock },
      )
    return { wait, cursor, store, clock, now: () => now, looks: () => looks }
  }

  test('is returned within a second of the first event that matches', async () => {
    const { wait, now } = await createWait({ 3000: 'port.b', 7500: 'port.a', 9000: 'port.a' })

    const page = await wait(20_000)

    expect(page.events.map(({ offset }) => offset)).toEqual([2])
    expect(page.cursor).toMatch(/:0=2$/)
    expect(now()).toBeGreaterThan(7500)
    expect(now()).toBeLessThanOrEqual(8501)
  })

  test('is empty at the end of the wait, with the cursor behind what did not match', async () => {
    const { wait, now, looks } = await createWait({ 500: 'port.b' })

    const page = await wait(20_000)

    expect(page).toEqual({ events: [], cursor: expect.stringMatching(/:0=1$/), recovered: true })
    expect(now()).toBe(20_000)
    expect(looks()).toBeLessThanOrEqual(30)
  })

  test('is returned at once if it has events, is not to wait, or asks for the present cursor', async () => {
    const { wait, cursor, store, clock, now } = await createWait()

    expect((await wait(20_000, '')).events).toHaveLength(1)
    expect(await wait(0)).toEqual({ events: [], cursor, recovered: true })
    expect(await wait(-5)).toEqual({ events: [], cursor, recovered: true })
    const page = { limit: 10, waitMs: 20_000 }
    const asked = awaitEvents({ channels: ['port.a'] }, undefined, page, { store, catalog, access, clock })
    expect(await asked).toEqual({ events: [], cursor, recovered: true })
    expect(now()).toBe(0)
  })

  test('says at once that something was lost, also if that happens while it waits', async () => {
    const { wait, store, now } = await createWait()
    expect(await wait(20_000, 'port@older:0=9')).toMatchObject({ recovered: false })
    expect(now()).toBe(0)

    const renewing: EventStore = {
      ...store,
      topic: async (topic) => {
        const state = await store.topic(topic)
        return now() > 2000 ? { epoch: 'renewed', heads: new Map() } : state
      },
    }

    expect(await wait(20_000, undefined, renewing)).toMatchObject({ recovered: false })
    expect(now()).toBeLessThanOrEqual(3001)
  })
})

describe('a page', () => {
  const data = 'ü"'.repeat(40_000)
  const large = Array.from({ length: 80 }, (_, index) => ({
    topic: index % 2 === 0 ? 'port' : 'events',
    partition: index % 3,
    event: { data, category: index % 2 === 0 ? 'port.a' : 'other.a' },
  }))
  const sizes: number[] = []
  const noted = <Page extends object>(page: Page): Page => {
    sizes.push(Buffer.byteLength(JSON.stringify({ body: JSON.stringify(page) })))
    return page
  }

  test('of large events fits the 6 MB that a Lambda function may return, and no event is missing', {
    timeout: 60_000,
  }, async () => {
    const { store } = await makeLog(large)
    const query = { channels: ['**'] }

    const up = await followUp(
      async (cursor) => noted(await catchUp(query, cursor, 500, { store, catalog, access })),
      '',
      500,
    )
    const down = await followDown(
      async (next) => noted(await listEvents(query, next, 500, { store, catalog, access })),
      500,
    )

    expect(new Set(up.map(nameOf)).size).toBe(80)
    expect(new Set(down.map(nameOf)).size).toBe(80)
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024)
  })
})

describe('a page whose time is over', () => {
  const isLate = () => true

  test('has what was read, and the next one goes on: no event is missing', async () => {
    const { store, stored } = await fill(
      Array.from({ length: 30 }, (_, index) => ({
        channel: index % 2 === 0 ? 'port.a' : 'other.a',
        partition: index % 3,
        timestamp: index,
        severity: index % 5 === 0 ? 'critical' : 'low',
      })),
    )
    const deps = { store, catalog, access, isLate }
    const query = { channels: ['**'], filter: { severity: ['critical'] } }
    const sizes: number[] = []

    const up = await followUp((cursor) => catchUp(query, cursor, 50, deps), '', 50)
    const down = await followDown(async (next) => {
      const page = await listEvents(query, next, 50, deps)
      sizes.push(page.events.length)
      return page
    }, 50)

    const wanted = stored.filter(({ event }) => event.severity === 'critical')
    expect(perPartition(up)).toEqual(perPartition(wanted))
    expect(new Set(down.map(nameOf))).toEqual(new Set(wanted.map(nameOf)))
    expect(sizes).toHaveLength(30)
  })

  test('of CSV and of the socket too is read on only until then', async () => {
    const { store } = await fill(
      [0, 1].map((partition) => ({ channel: 'port.a', partition, timestamp: 1, severity: 'low' })),
    )

    const first = await catchUp({ channels: ['port.a'] }, '', 50, { store, catalog, access, isLate })

    expect(first.events).toHaveLength(1)
  })
})

describe('a page of one event among thousands that do not match', () => {
  const entries = Array.from({ length: 4000 }, (_, index) => ({
    channel: index === 3999 ? 'port.b' : 'port.a',
    partition: 0,
    timestamp: index,
    severity: 'low',
  }))

  test('is found in few reads', async () => {
    const { store } = await fill(entries)
    const { reads, counting } = countReads(store)

    const page = await catchUp({ channels: ['port.b'] }, '', 1, { store: counting, catalog, access })

    expect(page.events.map(({ offset }) => offset)).toEqual([3999])
    expect(reads()).toBeLessThanOrEqual(20)
  })

  function countReads(store: EventStore) {
    let count = 0
    const counting: EventStore = {
      ...store,
      read: (stream, range) => {
        count++
        return store.read(stream, range)
      },
    }
    return { reads: () => count, counting }
  }
})

describe('listing the history page by page', () => {
  test('reaches every matching event once, newest first within each partition, whatever the log and the limit', async () => {
    const property = fc.asyncProperty(
      logs,
      interests,
      fc.integer({ min: 1, max: 20 }),
      async (entries, interest, limit) => {
        const { store, stored } = await fill(entries)

        const events = await followDown(
          (next) => listEvents(interest, next, limit, { store, catalog, access }),
          limit,
        )

        const wanted = stored.filter(({ event }) => matchesInterest(interest, event))
        expect(perPartition(events)).toEqual(perPartition(wanted.reverse()))
      },
    )
    await fc.assert(property)
  })

  test('is newest first across partitions if the times increase with the offsets', async () => {
    const entries = Array.from({ length: 40 }, (_, index) => ({
      channel: ['port.a', 'other.a'][index % 2] ?? '',
      partition: index % 3,
      timestamp: index,
      severity: 'low',
    }))
    const { store, stored } = await fill(entries)
    const events = await followDown(
      (next) => listEvents({ channels: ['**'] }, next, 7, { store, catalog, access }),
      7,
    )
    expect(events.map(nameOf)).toEqual(stored.map(nameOf).reverse())
  })

  test('does not change when events are added between two pages', async () => {
    const { store } = await makeLog(
      [0, 1, 2].map((timestamp) => ({ topic: 'port', partition: 0, timestamp })),
    )
    const first = await listEvents({ channels: ['**'] }, undefined, 2, { store, catalog, access })
    await addEvent(store, makeStored({ offset: 3 }, makeEvent('new')))
    const second = await listEvents({ channels: ['**'] }, first.next ?? undefined, 2, {
      store,
      catalog,
      access,
    })
    expect([first.events.map(({ offset }) => offset), second.events.map(({ offset }) => offset)]).toEqual([
      [2, 1],
      [0],
    ])
  })

  test('filters by the time of the event, ends included', async () => {
    const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z', undefined]
    const { store } = await makeLog(
      times.map((time) => ({ topic: 'port', partition: 0, event: { ...(time && { time }) } })),
    )
    const list = async (range: { from?: number; to?: number }) =>
      (
        await listEvents({ channels: ['**'], ...range }, undefined, 10, { store, catalog, access })
      ).events.map(({ offset }) => offset)
    const at = (index: number) => Date.parse(times[index] ?? '')
    expect(await list({})).toEqual([3, 2, 1, 0])
    expect(await list({ from: at(1) })).toEqual([2, 1])
    expect(await list({ from: at(0), to: at(1) })).toEqual([1, 0])
  })

  test('refuses an invalid `next`', async () => {
    const { store } = await fill([])
    await expect(listEvents({ channels: ['**'] }, 'x', 1, { store, catalog, access })).rejects.toMatchObject({
      code: 'malformed',
    })
  })
})
