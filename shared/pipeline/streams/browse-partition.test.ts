import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import type { NewRecord } from '#shared/pipeline/ports.ts'
import { recordJudge, signRecord } from '#shared/pipeline/signed-record.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLogInspector } from '#shared/testing/memory/memory-log-inspector.ts'
import { type BrowseQuery, browsePartition, SCAN_LIMITS } from './browse-partition.ts'

const TOPIC = 'container-events'
const PLACE = { topic: TOPIC, partition: 0 }
const SECRET = 'a-secret-of-the-tests'
const NOW = Date.parse('2026-03-01T08:00:00Z')

const eventOf = (id: string, containerId = 'BOX-1') => ({
  specversion: '1.0',
  id,
  source: '/gates',
  type: 'port.container.arrived',
  category: 'port.container',
  severity: 'info',
  data: { title: `Container ${containerId}`, containerId, tags: [{ name: 'reefer' }] },
})

function createWorld() {
  const inspector = memoryLogInspector()
  inspector.create(TOPIC)
  inspector.create('of-others')
  const catalog = createCatalog(domains)
  const judge = recordJudge([SECRET])
  const store = memoryEventStore()
  const claims = memoryClaimStore()
  let time = 0
  const onSleep: (() => void)[] = []
  const clock = {
    now: () => NOW + time,
    elapsed: () => time,
    sleep: async (ms: number) => {
      time += ms
      onSleep.shift()?.()
    },
  }
  const deps = { inspector, catalog, judge, decode: recordDecoder(catalog, judge), store, claims, clock }
  const append = (event: object, headers: Record<string, string> = {}) => {
    const record: NewRecord = {
      topic: TOPIC,
      key: 'BOX-1',
      value: Buffer.from(JSON.stringify(event)),
      headers: { 'content-type': 'application/cloudevents+json', ...headers },
    }
    const { key, value, headers: signed } = signRecord(record, SECRET)
    return inspector.append(PLACE, { key, value, headers: signed, timestamp: NOW })
  }
  const browse = (query: Partial<BrowseQuery> = {}) =>
    browsePartition({ ...PLACE, start: { offset: 0 }, limit: 50, filter: {}, waitMs: 0, ...query }, deps)
  const offsetsOf = async (query: Partial<BrowseQuery>) =>
    (await browse(query)).records.map(({ offset }) => offset)
  return { inspector, store, claims, append, browse, offsetsOf, onSleep }
}

describe('the records of a partition', () => {
  test('are marked if the time of their event is too far ahead of them', async () => {
    const { append, browse } = createWorld()
    append({ ...eventOf('a'), time: '2026-03-01T08:05:00Z' })
    append({ ...eventOf('b'), time: '2026-03-01T09:00:00Z' })

    expect((await browse()).records.map(({ ahead }) => ahead)).toEqual([undefined, true])
  })

  test('are shown with their bytes and their event, but without the signature itself', async () => {
    const { append, browse } = createWorld()
    append(eventOf('a'))

    const page = await browse()

    expect(page).toMatchObject({ next: 1, scanned: 1, earliest: 0, latest: 1 })
    const [record] = page.records
    expect(record).toMatchObject({
      offset: 0,
      timestamp: NOW,
      key: Buffer.from('BOX-1').toString('base64'),
      truncated: false,
      signature: 'signed',
      event: { id: 'a', source: '/gates', data: { containerId: 'BOX-1' } },
    })
    expect(JSON.parse(Buffer.from(record?.value ?? '', 'base64').toString())).toEqual(eventOf('a'))
    expect(record?.headers.find(({ name }) => name === 'tidewire-signature')).toEqual({
      name: 'tidewire-signature',
      value: null,
    })
    expect(record).not.toHaveProperty('problem')
  })

  test('say why their consumers bury them, and those of other topics nothing', async () => {
    const { inspector, browse } = createWorld()
    inspector.append(PLACE, { value: 'not json' })
    inspector.append({ topic: 'of-others', partition: 0 }, { value: 'not json' })

    const [own] = (await browse()).records
    const [other] = (await browse({ topic: 'of-others' })).records

    expect(own).toMatchObject({ event: null, signature: 'unsigned', problem: expect.stringMatching(/JSON/i) })
    expect(other).toMatchObject({ event: null })
    expect(other).not.toHaveProperty('problem')
  })

  test('begin at an offset, at a time, or so many before the end', async () => {
    const { inspector, offsetsOf, browse } = createWorld()
    for (let index = 0; index < 10; index++)
      inspector.append(PLACE, { value: `${index}`, timestamp: NOW + index * 1000 })
    inspector.trim(PLACE, 2)

    expect(await offsetsOf({ start: { offset: 7 } })).toEqual([7, 8, 9])
    expect(await offsetsOf({ start: { offset: 0 }, limit: 2 })).toEqual([2, 3])
    expect(await offsetsOf({ start: { time: NOW + 8000 } })).toEqual([8, 9])
    expect(await offsetsOf({ start: { time: NOW + 60_000 } })).toEqual([])
    expect(await offsetsOf({ start: { last: 3 } })).toEqual([7, 8, 9])
    expect(await offsetsOf({ start: { last: 100 }, limit: 100 })).toHaveLength(8)
    expect(await browse({ start: { offset: 10 } })).toMatchObject({ records: [], next: 10, latest: 10 })
  })

  test('go on where the page before ended', async () => {
    const { inspector, browse } = createWorld()
    for (let index = 0; index < 7; index++) inspector.append(PLACE, { value: `${index}` })

    const found: number[] = []
    let next = 0
    for (
      let page = await browse({ limit: 3 });
      ;
      page = await browse({ start: { offset: next }, limit: 3 })
    ) {
      found.push(...page.records.map(({ offset }) => offset))
      next = page.next
      if (next === page.latest) break
    }

    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('are refused beyond the end, and where there is no such partition', async () => {
    const { browse } = createWorld()

    await expect(browse({ start: { offset: 1 } })).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('beyond the end'),
    })
    await expect(browse({ partition: 4 })).rejects.toMatchObject({ code: 'not_found' })
    await expect(browse({ topic: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('are found by a text in their key, value or headers, and by a member of their event', async () => {
    const { append, offsetsOf } = createWorld()
    append(eventOf('a', 'BOX-1'))
    append(eventOf('b', 'CASE-2'), { 'x-note': 'Überseekai' })

    expect(await offsetsOf({ filter: { text: 'case-2' } })).toEqual([1])
    expect(await offsetsOf({ filter: { text: 'überSEE' } })).toEqual([1])
    expect(await offsetsOf({ filter: { text: 'box-1' } })).toEqual([0, 1]) // the key
    expect(
      await offsetsOf({ filter: { field: { path: ['data', 'containerId'], value: 'CASE-2' } } }),
    ).toEqual([1])
    expect(
      await offsetsOf({ filter: { field: { path: ['data', 'tags', 'name'], value: 'reefer' } } }),
    ).toEqual([0, 1])
    expect(await offsetsOf({ filter: { field: { path: ['data', 'containerId'], value: 'BOX' } } })).toEqual(
      [],
    )
    expect(await offsetsOf({ filter: { text: 'arrived', field: { path: ['id'], value: 'a' } } })).toEqual([0])
  })

  test('are looked through only so far, and the page says where to go on', async () => {
    const { inspector, browse } = createWorld()
    for (let index = 0; index < SCAN_LIMITS.records + 5; index++)
      inspector.append(PLACE, { value: `${index}` })
    const filter = { text: String(SCAN_LIMITS.records + 2) }

    const first = await browse({ filter })
    const second = await browse({ filter, start: { offset: first.next } })

    expect(first).toMatchObject({ records: [], next: SCAN_LIMITS.records, scanned: SCAN_LIMITS.records })
    expect(second.records.map(({ offset }) => offset)).toEqual([SCAN_LIMITS.records + 2])
  })

  test('are cut where they are large: 64 KB among others, 1 MB alone; and a page ends before 4 MB', async () => {
    const { inspector, browse } = createWorld()
    for (let index = 0; index < 60; index++) inspector.append(PLACE, { value: Buffer.alloc(200_000, 'x') })

    const page = await browse()
    const alone = await browse({ start: { offset: 3 }, limit: 1 })

    expect(page.records[0]).toMatchObject({ size: 200_000, truncated: true })
    expect(page.records[0]?.value).toHaveLength(Math.ceil(65_536 / 3) * 4)
    expect(alone.records[0]).toMatchObject({ offset: 3, truncated: false })
    expect(JSON.stringify(page).length).toBeLessThan(4.5 * 1024 * 1024)
    expect(page.next).toBe(page.records.length)
    expect(page.records.length).toBeGreaterThan(10)
  })
})

describe('the tail of a partition', () => {
  test('waits for a record that passes the filter', async () => {
    const { inspector, browse, onSleep } = createWorld()
    inspector.append(PLACE, { value: 'old' })
    onSleep.push(
      () => void inspector.append(PLACE, { value: 'another' }),
      () => void inspector.append(PLACE, { value: 'the wanted one' }),
    )

    const page = await browse({ start: { offset: 1 }, filter: { text: 'wanted' }, waitMs: 10_000 })

    expect(page).toMatchObject({ next: 3, scanned: 2, latest: 3, records: [{ offset: 2 }] })
  })

  test('ends empty when the time is over', async () => {
    const { browse } = createWorld()

    expect(await browse({ waitMs: 3000 })).toMatchObject({ records: [], next: 0, latest: 0 })
  })
})

describe('an erased event', () => {
  const at = '2026-03-01T09:00:00.000Z'

  test('has lost its data, its key and its headers, and no filter finds them', async () => {
    const { append, store, browse, offsetsOf } = createWorld()
    append(eventOf('a', 'SECRET-1'), { 'x-note': 'SECRET-2' })
    append(eventOf('b'))
    const { epoch } = await store.topic(TOPIC)
    await store.erase({ topic: TOPIC, epoch, partition: 0 }, 0, at)

    const page = await browse()

    expect(page.records[0]).toMatchObject({
      offset: 0,
      erased: at,
      key: null,
      headers: [],
      value: null,
      event: { id: 'a', source: '/gates', type: 'port.container.arrived', erased: at },
    })
    expect(page.records[0]?.event).not.toHaveProperty('data')
    expect(JSON.stringify(page)).not.toContain('SECRET')
    expect(await offsetsOf({ filter: { text: 'secret' } })).toEqual([])
    expect(
      await offsetsOf({ filter: { field: { path: ['data', 'containerId'], value: 'SECRET-1' } } }),
    ).toEqual([])
  })

  test('is not shown by a record that repeats it either', async () => {
    const { append, store, claims, browse, offsetsOf } = createWorld()
    append(eventOf('a', 'SECRET-1'))
    append(eventOf('a', 'SECRET-1'))
    const { epoch } = await store.topic(TOPIC)
    await claims.claim({ source: '/gates', id: 'a' }, { ...PLACE, offset: 0, epoch })
    await store.erase({ topic: TOPIC, epoch, partition: 0 }, 0, at)

    expect((await browse()).records).toMatchObject([{ erased: at }, { offset: 1, erased: at }])
    expect(await offsetsOf({ filter: { text: 'secret' } })).toEqual([])
  })
})
