import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PutCommand } from '#shared/adapters/dynamodb/commands.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { formatCursor } from '#shared/core/cursor.ts'
import { parseRetention } from '#shared/core/retention.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import { catchUp } from '#shared/pipeline/history/catch-up.ts'
import { findUnread } from '#shared/pipeline/history/find-unread.ts'
import { listEvents } from '#shared/pipeline/history/list-events.ts'
import type { StoredEvent, Stream } from '#shared/pipeline/ports.ts'
import { countingDynamodb } from '#shared/testing/dynamodb/counting-dynamodb.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

const NOW = Date.parse('2026-05-01T00:00:00Z')
const [HOUR, DAY] = [3_600_000, 86_400_000]
const retention = parseRetention('7d')
const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
const access = accessOf(makePrincipal())
const PORT = { channels: ['port.**'] }

const eventAt = (offset: number, timestamp: number): StoredEvent => ({
  topic: 'port',
  partition: 0,
  offset,
  timestamp,
  event: { specversion: '1.0', id: `e${offset}`, source: '/t', type: 't', category: 'port.a' },
})

describe('with 3,000 expired events in each of three partitions, and 200 live ones above them', () => {
  const EXPIRED = 3000
  const LIVE = 200
  const { client, calls, reset } = countingDynamodb()
  const openAt = (time: number) =>
    dynamoEventStore(client, { table: TINY_TABLES.log, retention, now: () => time })
  const streams: Stream[] = []
  const filled = fill()

  async function fill() {
    const { epoch } = await openAt(NOW).topic('port')
    for (const partition of [0, 1, 2]) {
      const stream = { topic: 'port', epoch, partition }
      const events = (from: number, count: number, time: number) =>
        Array.from({ length: count }, (_, index) => ({ ...eventAt(from + index, time + index), partition }))
      await openAt(NOW - 9 * DAY).put(stream, events(0, EXPIRED, NOW - 9 * DAY))
      await openAt(NOW - HOUR).put(stream, events(EXPIRED, LIVE, NOW - HOUR))
      const head = { offset: EXPIRED + LIVE - 1, first: 0, timestamp: NOW }
      await openAt(NOW).advance(stream, head, undefined)
      streams.push(stream)
    }
    return epoch
  }

  /** Runs with a cold store; returns what it returns, and the number of its requests. */
  async function counted<T>(work: (store: ReturnType<typeof openAt>, epoch: string) => Promise<T>) {
    const epoch = await filled
    reset()
    const result = await work(openAt(NOW), epoch)
    return { result, requests: calls().length }
  }
  const cursorAt = (epoch: string, offset: number) =>
    formatCursor(new Map([['port', { epoch, offsets: new Map([0, 1, 2].map((one) => [one, offset])) }]]))

  test.each([
    ['earliest', () => 'earliest', null],
    ['a cursor that has expired', (epoch: string) => cursorAt(epoch, 1500), 'trimmed'],
    ['the beginning as a cursor', (epoch: string) => `port@${epoch}:`, 'trimmed'],
    ['a time before what is kept', () => new Date(NOW - 20 * DAY).toISOString(), null],
  ])('%s begins at the live edge in few requests', async (_, since, lost) => {
    const { result, requests } = await counted((store, epoch) => findUnread(since(epoch), ['port'], store))

    expect(result.lost).toBe(lost)
    expect(result.remainders.map(({ after }) => after)).toEqual([EXPIRED - 1, EXPIRED - 1, EXPIRED - 1])
    expect(requests).toBeLessThanOrEqual(1 + 3 * 30)
  })

  test('a time is found among the live events', async () => {
    const since = new Date(NOW - HOUR + 50).toISOString()
    const { result, requests } = await counted((store) => findUnread(since, ['port'], store))

    expect(result.remainders.map(({ after }) => after)).toEqual([3049, 3049, 3049])
    expect(requests).toBeLessThanOrEqual(1 + 3 * 30)
  })

  test('a cursor of a reader that keeps up costs one look for each partition', async () => {
    const { result, requests } = await counted((store, epoch) =>
      findUnread(cursorAt(epoch, EXPIRED + 150), ['port'], store),
    )

    expect(result.lost).toBeNull()
    expect(requests).toBe(1 + 3)
  })

  test('a warm reader needs no look at all', async () => {
    const { result } = await counted(async (store, epoch) => {
      await findUnread(cursorAt(epoch, 1500), ['port'], store)
      reset()
      const unread = await Promise.all([
        findUnread(cursorAt(epoch, 10), ['port'], store),
        findUnread(cursorAt(epoch, EXPIRED + 10), ['port'], store),
        findUnread('earliest', ['port'], store),
      ])
      return unread.map(({ lost }) => lost)
    })

    expect(result).toEqual(['trimmed', null, null])
    expect(calls()).toHaveLength(3) // of the topic
  })

  test('catching up from an old cursor returns every live event in few requests', async () => {
    const { result, requests } = await counted((store, epoch) =>
      catchUp(PORT, cursorAt(epoch, 10), 1000, { store, catalog, access }),
    )

    expect(result).toMatchObject({ recovered: false })
    expect(result.events).toHaveLength(3 * LIVE)
    expect(requests).toBeLessThanOrEqual(1 + 3 * 35)
  })

  test('a list that finds nothing reads the live events and no page of the expired ones', async () => {
    const query = { ...PORT, filter: { severity: ['critical' as const] } }
    const { result, requests } = await counted((store) =>
      listEvents(query, undefined, 50, { store, catalog, access }),
    )

    expect(result).toEqual({ events: [], next: null })
    expect(requests).toBeLessThanOrEqual(1 + 3 * 3)
  })

  test('a page of a list below the live edge is the last, in one request for the topic and one for each partition', async () => {
    const { result, requests } = await counted((store, epoch) =>
      listEvents(PORT, cursorAt(epoch, 2000), 50, { store, catalog, access }),
    )

    expect(result).toEqual({ events: [], next: null })
    expect(requests).toBe(1 + 3)
  })

  test('partitions in which everything has expired are empty at once', async () => {
    const { result, requests } = await counted(async (_, epoch) => {
      const later = openAt(NOW + 30 * DAY)
      const unread = await findUnread(cursorAt(epoch, 10), ['port'], later)
      const page = await listEvents(PORT, undefined, 50, { store: later, catalog, access })
      return { unread, page }
    })

    expect(result.unread).toMatchObject({ lost: 'trimmed', remainders: [] })
    expect(result.page).toEqual({ events: [], next: null })
    expect(requests).toBeLessThanOrEqual(2 + 3 * 30)
  })
})

/**
 * Events that were stored while the clock jumped, of which some expired ones are deleted. What is promised: an event of
 * which neither it nor a later one has expired by the clock that stored it.
 */
describe('while the clocks of writers jump by an hour', () => {
  const history = fc.array(
    fc.record({
      minutes: fc.nat(40),
      jump: fc.constantFrom(-60, -20, 0, 20, 60),
      gap: fc.nat(2),
      stays: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  type History = { minutes: number; jump: number; gap: number; stays: boolean }[]

  async function store(entries: History) {
    const { client } = tinyDynamodb()
    const log = dynamoEventStore(client, { table: TINY_TABLES.log, retention, now: () => NOW })
    const { epoch } = await log.topic('port')
    const stream = { topic: 'port', epoch, partition: 0 }
    let real = NOW - 7 * DAY - 4 * HOUR
    let offset = -1
    const kept: { offset: number; until: number; isStored: boolean }[] = []
    for (const { minutes, jump, gap, stays } of entries) {
      real = Math.min(NOW, real + minutes * 60_000)
      offset += 1 + gap
      const storedAt = Math.floor((real + jump * 60_000) / 1000)
      const expires = storedAt + 7 * 86_400 + 7200
      const isStored = stays || expires * 1000 > NOW
      const item = { stream: `port@${epoch}:0`, storedAt, expires, ...eventAt(offset, real) }
      if (isStored)
        await client.send(
          new PutCommand({ TableName: 'log', Item: { ...item, event: JSON.stringify(item.event) } }),
        )
      kept.push({ offset, until: (storedAt + 7 * 86_400) * 1000, isStored })
    }
    const head = { offset, first: kept[0]?.offset ?? 0, timestamp: real }
    await log.advance(stream, head, undefined)
    return { log, stream, head, kept, epoch }
  }

  test('what is promised is read, and what is lost is said, whatever is deleted and was read before', async () => {
    const readers = fc.array(fc.nat(200), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(history, readers, async (entries, cursors) => {
      const { log, stream, head, kept, epoch } = await store(entries)
      for (const anywhere of cursors) {
        const cursor = anywhere % (head.offset + 1)
        const above = kept.filter(({ offset }) => offset > cursor)
        const promised = above.filter(({ offset }) =>
          kept.every((one) => one.offset < offset || one.until > NOW),
        )

        const { lost, remainders } = await findUnread(`port@${epoch}:0=${cursor}`, ['port'], log)
        const after = remainders[0]?.after ?? head.offset
        const range = { after, upTo: head.offset, limit: 1000 }
        const read = (await log.read(stream, { ...range, alsoExpired: true })).map(({ offset }) => offset)
        const down = (await log.read(stream, { ...range, newestFirst: true })).map(({ offset }) => offset)

        const offsets = above.map(({ offset }) => offset)
        expect(read).toEqual(offsets.filter((offset) => offset >= (read[0] ?? Number.POSITIVE_INFINITY)))
        if (lost === null) expect(read).toEqual(offsets)
        else expect(kept.some(({ offset, until }) => offset <= after && until <= NOW)).toBe(true)
        for (const { offset } of promised)
          expect([read, down]).toEqual([expect.arrayContaining([offset]), expect.arrayContaining([offset])])
      }
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test('a reader whose clock went forward and back again finds what it found before', async () => {
    let time = NOW
    const { client } = tinyDynamodb()
    const log = dynamoEventStore(client, { table: TINY_TABLES.log, retention, now: () => time })
    const stream = { topic: 'port', epoch: (await log.topic('port')).epoch, partition: 0 }
    for (let offset = 0; offset < 100; offset++) {
      time = NOW + offset * 60_000
      await log.put(stream, [eventAt(offset, time)])
    }
    const head = { offset: 99, first: 0, timestamp: time }
    const edgeAt = (minutes: number) => {
      time = NOW + 7 * DAY + minutes * 60_000
      return log.firstLive(stream, head, -1)
    }

    const edges = []
    for (const minutes of [-1, 30, 60, 30, 95, 35, 98, 99, 40]) edges.push(await edgeAt(minutes))

    expect(edges).toEqual([0, 31, 61, 31, 96, 36, 99, 100, 41])
  })
})
