import { beforeEach, describe, expect, test } from 'vitest'
import { ERASED_TYPE, ERASURE_SOURCE } from '#shared/core/erasure.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { eraseEvent } from '#shared/pipeline/lifecycle/erase-event.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { makeEvent, makeRecord } from '#shared/testing/accept/records.ts'
import { createErasureWorld } from '#shared/testing/erasure/erasure-world.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryArchive } from '#shared/testing/memory/memory-archive.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import type { Archive } from './archive.ts'
import { type ArchivedRecord, MOST_OFFSETS, unpackRecords } from './archive-file.ts'
import { type ArchiveDeps, archiveRecords } from './archive-records.ts'

const TOPIC = 'events'
const AT = '2026-03-01T10:00:00.000Z'
const SECRET = 'a name of a person'
const WITHIN_MS = 10_000

const catalog = createCatalog(domains)
let archive: ReturnType<typeof memoryArchive>
let claims: ReturnType<typeof memoryClaimStore>
let deps: ArchiveDeps
beforeEach(() => {
  archive = memoryArchive()
  claims = memoryClaimStore()
  deps = { archive, claims, decode: recordDecoder(catalog, () => 'signed') }
})

const eventOf = (id: string, given: Partial<CloudEvent> = {}) =>
  makeEvent(id, { category: 'tests.a', data: { name: SECRET }, ...given })
const record = (
  offset: number,
  content: CloudEvent | string = eventOf(`e${offset}`),
  timestamp = 1000 + offset,
) => makeRecord({ topic: TOPIC, offset, timestamp }, content)
/** The erasure of an event, as our functions write it. */
const erasure = (offset: number, target: number, id = `e${target}`) =>
  record(
    offset,
    makeEvent(`erasure-${target}`, {
      source: ERASURE_SOURCE,
      type: ERASED_TYPE,
      category: 'tests.a',
      time: AT,
      data: { id, source: '/tests', type: 'tested', offset: target, keys: [], also: [], by: 'ada', at: AT },
    }),
  )
const key = (first: number, last: number, suffix = '') =>
  `${TOPIC}/0/${String(first).padStart(20, '0')}-${String(last).padStart(20, '0')}${suffix}.ndjson.gz`

async function write(records: readonly KafkaRecord[], with_: Partial<ArchiveDeps> = {}) {
  return archiveRecords(records, WITHIN_MS, { ...deps, ...with_ })
}
async function recordsOf(name: string): Promise<readonly ArchivedRecord[]> {
  const object = await archive.get(name)
  return object === null ? [] : unpackRecords(object.bytes)
}
async function textOfAll(): Promise<string> {
  const all = await Promise.all(archive.keys().map(recordsOf))
  return JSON.stringify(all)
}

describe('a batch', () => {
  test('is a file for each partition, with a line for each record', async () => {
    const other = { ...record(7), partition: 1 }

    expect(await write([record(3), record(4), other])).toEqual([])

    expect(archive.keys()).toEqual([key(3, 4), key(7, 7).replace('/0/', '/1/')])
    expect(await recordsOf(key(3, 4))).toEqual([
      { topic: TOPIC, partition: 0, offset: 3, timestamp: 1003, event: eventOf('e3') },
      { topic: TOPIC, partition: 0, offset: 4, timestamp: 1004, event: eventOf('e4') },
    ])
  })

  test('keeps the bytes of a record that is no event, and that one has none', async () => {
    await write([record(1, 'no event'), { ...record(2), value: null }])

    expect(await recordsOf(key(1, 2))).toEqual([
      {
        topic: TOPIC,
        partition: 0,
        offset: 1,
        timestamp: 1001,
        value: Buffer.from('no event').toString('base64'),
      },
      { topic: TOPIC, partition: 0, offset: 2, timestamp: 1002, value: null },
    ])
  })

  test('keeps what can be said of a record that its reader could not pass on', async () => {
    const headers = [{ name: 'tidewire-unreadable', value: Buffer.from('undecodable: its batch is garbage') }]
    await write([{ ...record(1, 'raw bytes'), headers }])

    expect(await recordsOf(key(1, 1))).toMatchObject([
      { offset: 1, value: Buffer.from('raw bytes').toString('base64'), unreadable: 'its batch is garbage' },
    ])
  })

  test('that comes again changes nothing, and with other borders makes a file that overlaps', async () => {
    await write([record(1), record(2)])
    const before = await archive.get(key(1, 2))
    await write([record(1), record(2)])
    await write([record(2), record(3)])

    expect(await archive.get(key(1, 2))).toEqual(before)
    expect(archive.keys()).toEqual([key(1, 2), key(2, 3)])
  })

  test('of a topic that was created again does not replace what has the same offsets', async () => {
    await write([record(1, eventOf('old'))])
    const again = [record(1, eventOf('new'), 5000)]
    await write(again)
    await write(again)

    expect(archive.keys()).toEqual([key(1, 1, '-5000'), key(1, 1)])
    expect(await recordsOf(key(1, 1))).toMatchObject([{ event: { id: 'old' } }])
    expect(await recordsOf(key(1, 1, '-5000'))).toMatchObject([{ event: { id: 'new' } }])
  })

  test('whose offsets are far apart is several files', async () => {
    await write([record(1), record(MOST_OFFSETS), record(MOST_OFFSETS + 1)])

    expect(archive.keys()).toEqual([key(1, MOST_OFFSETS), key(MOST_OFFSETS + 1, MOST_OFFSETS + 1)])
  })

  test('leaves repeats of an event out', async () => {
    const first = { topic: TOPIC, partition: 0, offset: 1 }
    await claims.claim(eventOf('e1'), first)

    await write([record(1), record(2, eventOf('e1')), record(3)])

    expect((await recordsOf(key(1, 3))).map(({ offset }) => offset)).toEqual([1, 3])
  })

  test('fails only in the partition that S3 does not take', async () => {
    const put: Archive['put'] = async (name, bytes) => {
      if (name.includes('/0/')) throw new Error('S3 refused')
      return archive.put(name, bytes)
    }

    const failed = await write([record(3), record(4), { ...record(7), partition: 1 }], {
      archive: { ...archive, put },
    })

    expect(failed).toMatchObject([{ topic: TOPIC, partition: 0, offset: 3 }])
    expect(archive.keys()).toEqual([key(7, 7).replace('/0/', '/1/')])
  })
})

describe('an erasure', () => {
  const left = {
    id: 'e1',
    source: '/tests',
    type: 'tested',
    category: 'tests.a',
    severity: 'info',
    erased: AT,
  }

  test('removes the data from the file that was written before, and from that alone', async () => {
    await write([record(0), record(1)])
    await write([record(2), erasure(3, 1)])

    expect(await recordsOf(key(0, 1))).toMatchObject([
      { event: { id: 'e0', data: { name: SECRET } } },
      { offset: 1, timestamp: 1001, event: { specversion: '1.0', ...left } },
    ])
    expect((await recordsOf(key(0, 1)))[1]).toEqual({
      topic: TOPIC,
      partition: 0,
      offset: 1,
      timestamp: 1001,
      event: { specversion: '1.0', ...left },
    })
    expect(await recordsOf(key(2, 3))).toMatchObject([
      { event: { data: { name: SECRET } } },
      { event: { type: ERASED_TYPE } },
    ])
  })

  test('in the same batch lets the data never be written', async () => {
    const written: string[] = []
    const put: Archive['put'] = async (name, bytes) => {
      written.push(JSON.stringify(unpackRecords(bytes)))
      return archive.put(name, bytes)
    }

    await write([record(1), erasure(2, 1)], { archive: { ...archive, put } })

    expect(written.join()).not.toContain(SECRET)
    expect(await recordsOf(key(1, 2))).toMatchObject([{ event: left }, { event: { type: ERASED_TYPE } }])
  })

  test('removes the data from each of the files that overlap', async () => {
    await write([record(0, 'x'), record(1)])
    await write([record(1)])
    await write([erasure(2, 1)])

    expect(archive.keys()).toHaveLength(3)
    expect(await textOfAll()).not.toContain(SECRET)
  })

  test('stays when the batch of the event comes again, alone and with the erasure after it', async () => {
    await write([record(1)])
    await write([erasure(2, 1)])
    await write([record(1)])
    expect(await textOfAll()).not.toContain(SECRET)

    await write([record(1), erasure(2, 1)])
    expect(await textOfAll()).not.toContain(SECRET)
  })

  test('comes again if it could not be done, and is done then', async () => {
    await write([record(1)])
    const batch = [erasure(2, 1)]
    const broken = { ...archive, replace: () => Promise.reject(new Error('S3 refused')) }

    expect(await write(batch, { archive: broken })).toMatchObject([{ offset: 2 }])
    expect(await textOfAll()).toContain(SECRET)
    expect(await write(batch)).toEqual([])
    expect(await textOfAll()).not.toContain(SECRET)
  })

  test('reads a file again that another worker has replaced meanwhile', async () => {
    await write([record(1), record(2)])
    let isFirst = true
    const replace: Archive['replace'] = async (...given) => {
      if (!isFirst) return archive.replace(...given)
      isFirst = false
      await write([erasure(4, 2)])
      return archive.replace(...given)
    }

    await write([erasure(3, 1)], { archive: { ...archive, replace } })

    expect(await textOfAll()).not.toContain(SECRET)
  })

  test('of another event at this offset, of a topic that was created again, removes nothing', async () => {
    await write([record(1, eventOf('old'))])
    await write([erasure(2, 1)])

    expect(await recordsOf(key(1, 1))).toMatchObject([{ event: { data: { name: SECRET } } }])
  })

  test('that none of our functions signed removes nothing', async () => {
    await write([record(1)])
    const decode = recordDecoder(catalog, () => 'unsigned')

    await write([erasure(2, 1)], { decode })

    expect(await recordsOf(key(1, 1))).toMatchObject([{ event: { data: { name: SECRET } } }])
    expect(await recordsOf(key(2, 2))).toMatchObject([{ value: expect.any(String) }])
  })

  test('of a replayed event removes the record that was mended too', async () => {
    const mended: Position = { topic: TOPIC, partition: 0, offset: 1 }
    const decode: ArchiveDeps['decode'] = (one) => ({
      ...deps.decode(one),
      ...(one.offset === 2 && { replayOf: mended }),
    })
    await write([record(1, SECRET), record(2)], { decode })

    await write([erasure(3, 2)], { decode })

    expect(await recordsOf(key(1, 2))).toMatchObject([
      { offset: 1, value: null, erased: AT },
      { offset: 2, event: { id: 'e2', erased: AT }, replayOf: [mended] },
    ])
  })

  test('finds its file among many without reading the others', async () => {
    const many = Array.from({ length: 1200 }, (_, offset) => offset)
    for (const offset of many) await write([record(offset)])
    const read: string[] = []
    const get: Archive['get'] = (name) => {
      read.push(name)
      return archive.get(name)
    }

    await write([erasure(1200, 1100)], { archive: { ...archive, get } })

    expect(read).toEqual([key(1100, 1100)])
    expect(await recordsOf(key(1100, 1100))).toMatchObject([{ event: { erased: AT } }])
  })
})

test('what the server erases, with all that repeats it, is in no file of a log that was archived in any batches', async () => {
  const MARK = 'Ozymandias'
  for (const size of [1, 2, 1000]) {
    const world = createErasureWorld()
    const copy = memoryArchive()
    const data = { title: MARK, description: MARK, containerId: 'c-1', requiresAction: true }
    for (const id of ['d1', 'd2', 'd3'])
      await world.publish({ id, type: 'port.container.damaged', subject: MARK, severity: 'critical', data })
    for (const id of ['d1', 'd3']) {
      const principal = makePrincipal({ name: 'ada', role: 'admin' })
      await eraseEvent({ id, principal }, world.deps)
    }
    await world.settle()

    const { claims } = world.deps
    const decode = recordDecoder(catalog, () => 'signed')
    for (const own of Map.groupBy(world.records, (one) => `${one.topic}/${one.partition}`).values())
      for (let from = 0; from < own.length; from += size)
        expect(
          await archiveRecords(own.slice(from, from + size), WITHIN_MS, { archive: copy, claims, decode }),
        ).toEqual([])

    const objects = await Promise.all(copy.keys().map((name) => copy.get(name)))
    const archived = objects.flatMap((object) => (object ? unpackRecords(object.bytes) : []))
    const marked = archived.filter((one) => JSON.stringify(one).includes(MARK))
    // What is left is of the second event: itself, and what views emitted from it.
    expect(marked.length).toBeGreaterThan(0)
    for (const one of marked) expect(JSON.stringify(one)).toContain('d2')
    expect(archived).toHaveLength(world.records.length)
  }
})
