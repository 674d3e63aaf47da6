import { Buffer } from 'node:buffer'
import { beforeEach, describe, expect, test } from 'vitest'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { parseRetention } from '#shared/core/retention.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { decodeBatch, recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { findUnread } from '#shared/pipeline/history/find-unread.ts'
import { REPLAY_OF, recordJudge } from '#shared/pipeline/signed-record.ts'
import { trimmed } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeRecord } from '#shared/testing/accept/records.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { createKnownHeads, followBatch, type StoreDeps, storeBatch } from './store-batch.ts'

const DAY_MS = 86_400_000
const POISON = '{"specversion":'
const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
const decodeOf = recordDecoder(catalog, () => 'signed')
let deps: StoreDeps

beforeEach(() => {
  deps = {
    store: memoryEventStore(),
    claims: memoryClaimStore(),
    deadLetters: memoryDeadLetterStore(),
    catalog,
    decode: recordDecoder(catalog, () => 'signed'),
    heads: createKnownHeads(),
  }
})

const epochOf = async (topic = 'port') => (await deps.store.topic(topic)).epoch
const headOf = async (partition = 0) => (await deps.store.topic('port')).heads.get(partition)
const idsOf = (events: readonly { readonly event: { readonly id: string } }[]) =>
  events.map(({ event }) => event.id)
const storedIds = async (partition = 0) => {
  const stream = { topic: 'port', epoch: await epochOf(), partition }
  return idsOf(await deps.store.read(stream, { after: -1, upTo: 1000, limit: 1000 }))
}

describe('a batch', () => {
  test('is stored in order and advances the head to its last record', async () => {
    const events = await storeBatch(
      [1, 2, 3].map((offset) => makeRecord({ offset }, makeEvent(`e${offset}`))),
      deps,
    )

    expect(idsOf(events)).toEqual(['e1', 'e2', 'e3'])
    expect(await storedIds()).toEqual(['e1', 'e2', 'e3'])
    expect(await headOf()).toEqual({ offset: 3, first: 1, timestamp: 1003 })
  })

  test('without records changes nothing', async () => {
    expect(await storeBatch([], deps)).toEqual([])
    expect(await headOf()).toBeUndefined()
  })

  test('keeps the one of two copies that its writer has claimed, at its offset', async () => {
    const batch = ['twice', 'twice', 'other'].map((id, offset) => makeRecord({ offset }, makeEvent(id)))
    await deps.claims.claim(makeEvent('twice'), { topic: 'port', partition: 0, offset: 1 })

    const events = await storeBatch(batch, deps)

    expect(events.map(({ offset, event }) => [offset, event.id])).toEqual([
      [1, 'twice'],
      [2, 'other'],
    ])
  })

  test('that is repeated returns the same events and does not change the head', async () => {
    const batch = [0, 1].map((offset) => makeRecord({ offset }, makeEvent(`e${offset}`)))
    await storeBatch(batch, deps)

    const again = await storeBatch(batch, deps)

    expect(idsOf(again)).toEqual(['e0', 'e1'])
    expect(await headOf()).toMatchObject({ offset: 1, first: 0 })
  })

  test('that is read again from the beginning of Kafka does not bring back what has expired', async () => {
    let time = Date.now()
    const log = { table: TINY_TABLES.log, retention: parseRetention('7d'), now: () => time }
    deps = { ...deps, store: dynamoEventStore(tinyDynamodb().client, log) }
    const batch = [0, 1, 2].map((offset) => makeRecord({ offset }, makeEvent(`e${offset}`)))
    await storeBatch(batch.slice(0, 2), deps)
    time += 6 * DAY_MS
    await storeBatch(batch.slice(2), deps)
    time += 2 * DAY_MS

    const pushed = await storeBatch(batch, { ...deps, heads: createKnownHeads() })

    expect(idsOf(pushed)).toEqual(['e0', 'e1', 'e2'])
    expect(await storedIds()).toEqual(['e2'])
    time += 6 * DAY_MS
    const cursor = `port@${await epochOf()}:0=0`
    expect((await findUnread(cursor, ['port'], deps.store)).lost).toBe('trimmed')
  })

  test('drops a later copy of an event, within it and across partitions', async () => {
    await storeBatch(
      [makeRecord({ offset: 0 }, makeEvent('a')), makeRecord({ offset: 1 }, makeEvent('a'))],
      deps,
    )

    const copies = await storeBatch([makeRecord({ offset: 7, partition: 1 }, makeEvent('a'))], deps)

    expect(copies).toEqual([])
    expect(await storedIds(0)).toEqual(['a'])
    expect(await headOf(1)).toMatchObject({ offset: 7 })
  })

  test('keeps events of equal ids from different sources', async () => {
    const batch = ['/one', '/two'].map((source, offset) => makeRecord({ offset }, makeEvent('a', { source })))

    expect(await storeBatch(batch, deps)).toHaveLength(2)
  })
})

describe('a record that is not a valid event of its topic', () => {
  test.each([
    ['is no JSON', POISON, 'JSON'],
    ['breaks the specification', '{"specversion":"1.0","id":"1","type":"t"}', 'source'],
    ['has a category that is no channel', JSON.stringify(makeEvent('x', { category: 'a..b' })), 'category'],
    ['belongs to another topic', makeEvent('x', { category: 'elsewhere' }), 'belongs to the topic "events"'],
    ['is too large to store', makeEvent('x', { data: 'y'.repeat(360_000) }), 'larger than'],
  ])('becomes a dead letter if it %s, and the partition continues', async (_, content, reason) => {
    const events = await storeBatch(
      [makeRecord({ offset: 0 }, content), makeRecord({ offset: 1 }, makeEvent('good'))],
      deps,
    )

    const [letter] = await allLetters(deps.deadLetters, ['port'])
    expect(letter).toMatchObject({ topic: 'port', partition: 0, offset: 0, attempts: 1 })
    expect(letter?.reason).toContain(reason)
    expect(idsOf(events)).toEqual(['good'])
    expect(await headOf()).toMatchObject({ offset: 1 })
  })

  test('is no dead letter again if the batch is read again', async () => {
    const batch = [makeRecord({ offset: 0 }, POISON)]
    await storeBatch(batch, deps)
    deps = { ...deps, deadLetters: memoryDeadLetterStore(), heads: createKnownHeads() }

    await storeBatch(batch, deps)

    expect(await allLetters(deps.deadLetters, ['port'])).toEqual([])
  })

  test('does not count as lost for a client that reads from the start', async () => {
    await storeBatch([makeRecord({ offset: 0 }, POISON)], deps)
    const { heads } = await findUnread('latest', ['events'], deps.store)
    await storeBatch([makeRecord({ offset: 1 }, POISON), makeRecord({ offset: 2 }, makeEvent('first'))], deps)

    const { lost } = await findUnread(`port@${await epochOf()}:`, ['port'], deps.store)

    expect(heads.size).toBe(1)
    expect(lost).toBeNull()
  })

  test('does not count as lost while nothing else is in the stream', async () => {
    await storeBatch([makeRecord({ offset: 0 }, POISON)], deps)

    expect(await findUnread(`port@${await epochOf()}:`, ['port'], deps.store)).toMatchObject({ lost: null })
  })
})

describe('a record that its reader could not pass on', () => {
  test.each([
    ['undecodable', 'undecodable: the batch of offsets 1 to 5 cannot be read: its lz4 cannot be read', false],
    ['too_large', 'too_large-cut: its event has about 7000000 bytes', true],
  ])('is a dead letter of %s with its reason and bytes, however large', async (code, header, truncated) => {
    const value = Buffer.alloc(900_000)
    const headers = [{ name: 'tidewire-unreadable', value: Buffer.from(header) }]
    const unreadable = { ...makeRecord({ offset: 5 }, ''), value, headers }

    const events = await storeBatch([unreadable, makeRecord({ offset: 6 }, makeEvent('good'))], deps)

    expect(idsOf(events)).toEqual(['good'])
    const reason = header.slice(header.indexOf(': ') + 2)
    expect(await allLetters(deps.deadLetters, ['port'])).toMatchObject([
      { offset: 5, code, truncated: true, reason, value: value.subarray(0, 256 * 1024).toString('base64') },
    ])
    const small = { ...unreadable, value: Buffer.from('small') }
    expect(decodeBatch([small], { ...deps }, 'fold').letters).toMatchObject([{ code, truncated }])
  })
})

describe('a topic that was created again', () => {
  const oldLife = [0, 1, 2].map((offset) => makeRecord({ offset }, makeEvent(`old${offset}`)))

  test('begins a new epoch if there is another event at a known offset', async () => {
    await storeBatch(oldLife, deps)
    const before = await epochOf()

    await storeBatch([makeRecord({ offset: 0, timestamp: 1000 }, makeEvent('new'))], deps)

    expect(await epochOf()).not.toBe(before)
    expect(await storedIds()).toEqual(['new'])
    expect(await headOf()).toMatchObject({ offset: 0, first: 0 })
  })

  test('is detected by its newer records if nothing of the old epoch was stored', async () => {
    await storeBatch(
      [0, 1].map((offset) => makeRecord({ offset }, POISON)),
      deps,
    )
    const before = await epochOf()

    await storeBatch([makeRecord({ offset: 0, timestamp: 9000 }, makeEvent('new'))], deps)

    expect(await epochOf()).not.toBe(before)
  })

  test('is detected by newer records between known offsets', async () => {
    await storeBatch(
      [makeRecord({ offset: 0 }, makeEvent('a')), makeRecord({ offset: 1 }, makeEvent('a'))],
      deps,
    )
    const before = await epochOf()

    await storeBatch(
      [
        makeRecord({ offset: 0, timestamp: 9000 }, POISON),
        makeRecord({ offset: 1, timestamp: 9001 }, makeEvent('b')),
      ],
      deps,
    )

    expect(await epochOf()).not.toBe(before)
    expect(await storedIds()).toEqual(['b'])
  })

  test('keeps the event of a record that was claimed under the old epoch, before a crash', async () => {
    await storeBatch(oldLife, deps)
    const record = makeRecord({ offset: 0, partition: 1, timestamp: 9000 }, makeEvent('new'))
    const crashing = { ...deps, store: { ...deps.store, put: () => Promise.reject(new Error('crash')) } }
    await expect(storeBatch([record], crashing)).rejects.toThrow('crash')
    await deps.store.renewEpoch('port', await epochOf()) // another partition's worker saw it first

    const events = await storeBatch([record], deps)

    expect(idsOf(events)).toEqual(['new'])
    expect(await storedIds(1)).toEqual(['new'])
  })
})

describe('the epoch of a topic does not change', () => {
  test('if a batch of only invalid records is repeated after records of a slower clock', async () => {
    const poison = makeRecord({ offset: 0, timestamp: 2000 }, POISON)
    await storeBatch([poison], deps)
    await storeBatch([makeRecord({ offset: 5, timestamp: 1000 }, makeEvent('a'))], deps)
    const before = await epochOf()

    await storeBatch([poison], deps)

    expect(await epochOf()).toBe(before)
  })

  test('if a batch of only repeats is repeated together with newer records', async () => {
    await storeBatch([makeRecord({ offset: 0, partition: 1 }, makeEvent('a'))], deps)
    const repeat = makeRecord({ offset: 0, timestamp: 1000 }, makeEvent('a'))
    await storeBatch([repeat], deps)
    const before = await epochOf()

    const events = await storeBatch(
      [repeat, makeRecord({ offset: 1, timestamp: 5000 }, makeEvent('b'))],
      deps,
    )

    expect(await epochOf()).toBe(before)
    expect(idsOf(events)).toEqual(['b'])
  })
})

const records = (from: number, to: number, partition = 0, life = '') =>
  Array.from({ length: to - from + 1 }, (_, n) =>
    makeRecord({ offset: from + n, partition }, makeEvent(`${life}${partition}-${from + n}`)),
  )

describe('a warm function', () => {
  /** Another function on the same stores, and the number of times that this one reads the topic. */
  function warm() {
    let reads = 0
    const topic: StoreDeps['store']['topic'] = (name) => {
      reads++
      return deps.store.topic(name)
    }
    const here = { ...deps, heads: createKnownHeads(), store: { ...deps.store, topic } }
    return { here, other: { ...deps, heads: createKnownHeads() }, reads: () => reads }
  }

  test('reads its topic once, and then only if its batch is not above the head that it knows', async () => {
    const { here, reads } = warm()
    await storeBatch(records(0, 1), here)
    await storeBatch(records(2, 4), here)
    await storeBatch(records(9, 9), here)
    expect(reads()).toBe(1)

    await storeBatch(records(8, 9), here)

    expect(reads()).toBe(2)
    expect(await headOf()).toMatchObject({ offset: 9, first: 0 })
  })

  test('reads it again if another worker has moved the head, and keeps its first event and its time', async () => {
    const { here, other, reads } = warm()
    await storeBatch([makeRecord({ offset: 0 }, POISON)], here)
    await storeBatch([makeRecord({ offset: 1, timestamp: 9000 }, makeEvent('other'))], other)

    const events = await storeBatch([makeRecord({ offset: 2, timestamp: 1002 }, makeEvent('here'))], here)

    expect(idsOf(events)).toEqual(['here'])
    expect(reads()).toBe(2)
    expect(await headOf()).toEqual({ offset: 2, first: 1, timestamp: 9000 })
  })

  test('stores into the epoch that another worker has begun meanwhile', async () => {
    const { here, other } = warm()
    await storeBatch(records(0, 3), here)
    await storeBatch(records(0, 0, 1), other)
    const before = await epochOf()
    await storeBatch([makeRecord({ offset: 0, partition: 1 }, makeEvent('new'))], other)

    const events = await storeBatch(records(4, 5), here)

    expect(await epochOf()).not.toBe(before)
    expect(await storedIds()).toEqual(['0-4', '0-5'])
    expect(events.map(({ renewed }) => renewed !== undefined)).toEqual([true, true])
  })

  test('gives up if the head is moved by others all the time', async () => {
    const store = { ...deps.store, advance: async () => false }

    await expect(storeBatch(records(0, 0), { ...deps, store })).rejects.toThrow('by other workers')
  })
})

describe('a shard above the first', () => {
  const noWrites = (): StoreDeps => {
    const refuse = () => Promise.reject(new Error('a write'))
    return {
      ...deps,
      store: { ...deps.store, put: refuse, advance: refuse },
      claims: { ...deps.claims, claim: refuse, claimMade: refuse },
      deadLetters: { ...deps.deadLetters, put: refuse },
    }
  }

  test('waits until the first has stored its batch, and returns what is stored', async () => {
    const batch = [
      ...records(0, 1),
      makeRecord({ offset: 2 }, makeEvent('0-0')),
      makeRecord({ offset: 3 }, POISON),
    ]
    const pauses: number[] = []
    const sleep = async (ms: number) => {
      if (pauses.push(ms) === 2) await storeBatch(batch.slice(0, 2), deps)
      if (pauses.length === 3) await storeBatch(batch.slice(2), deps)
    }

    const events = await followBatch(batch, noWrites(), sleep)

    expect(idsOf(events)).toEqual(['0-0', '0-1'])
    expect(pauses).toEqual([5, 10, 15])
  })

  test('does not wait if the batch is stored', async () => {
    await storeBatch(records(0, 4), deps)
    const sleep = () => Promise.reject(new Error('a pause'))

    expect(idsOf(await followBatch(records(1, 3), noWrites(), sleep))).toEqual(['0-1', '0-2', '0-3'])
    expect(await followBatch([], noWrites(), sleep)).toEqual([])
  })

  test('returns events that have expired in the store since, and no repeats', async () => {
    const batch = [...records(0, 1), makeRecord({ offset: 2 }, makeEvent('0-0')), ...records(3, 3)]
    await storeBatch(batch, deps)
    const late = noWrites()

    const events = await followBatch(batch, { ...late, store: trimmed(late.store, 1) }, async () => {})

    expect(idsOf(events)).toEqual(['0-0', '0-1', '0-3'])
  })

  test('stores the batch itself if the first does not come within 1.5 s', async () => {
    let waited = 0
    const sleep = async (ms: number) => {
      waited += ms
    }

    const events = await followBatch(records(0, 1), deps, sleep)

    expect(idsOf(events)).toEqual(['0-0', '0-1'])
    expect(await headOf()).toMatchObject({ offset: 1 })
    expect(waited).toBe(1500)
  })

  test('notices a topic that was created again, and waits for it', async () => {
    await storeBatch(records(0, 4), deps)
    const before = await epochOf()
    const again = records(0, 1, 0, 'new ')
    let pauses = 0
    const sleep = async () => {
      if (++pauses === 1) await storeBatch(again, { ...deps, heads: createKnownHeads() })
    }

    const events = await followBatch(again, noWrites(), sleep)

    expect(await epochOf()).not.toBe(before)
    expect(idsOf(events)).toEqual(['new 0-0', 'new 0-1'])
    expect(events.every(({ renewed }) => renewed !== undefined)).toBe(true)
    expect(pauses).toBe(1)
  })
})

describe('a record that none of our functions signed', () => {
  const letters = async () => (await allLetters(deps.deadLetters, ['port'])).map(({ reason }) => reason)
  beforeEach(() => {
    deps = { ...deps, decode: recordDecoder(catalog, recordJudge(['the-secret-of-a-stage'])) }
  })

  test('is stored if anybody could have posted it', async () => {
    expect(idsOf(await storeBatch([makeRecord({ offset: 0 }, makeEvent('a'))], deps))).toEqual(['a'])
  })

  test.each([
    ['a source of Tidewire', { source: 'urn:tidewire:fold:port/cases' }, 'reserved for Tidewire'],
    ['the channel of statistics', { category: 'tidewire.stats' }, 'belongs to the topic'],
    ['a private channel', { category: 'market.user.ada' }, 'a record without a signature may not write'],
  ])('goes to the dead letters with %s, and the partition goes on', async (_, given, reason) => {
    const batch = [makeEvent('bad', given), makeEvent('good')]
    const stored = await storeBatch(
      batch.map((event, offset) => makeRecord({ offset }, event)),
      deps,
    )

    expect(idsOf(stored)).toEqual(['good'])
    expect(await letters()).toEqual([
      expect.stringContaining(reason === 'belongs to the topic' ? 'tidewire' : reason),
    ])
  })

  test('with a signature of others goes to the dead letters', async () => {
    const record = makeRecord({ offset: 0 }, makeEvent('a'))
    const headers = [...record.headers, { name: 'tidewire-signature', value: Buffer.from('v1.AAAA') }]

    expect(await storeBatch([{ ...record, headers }], deps)).toEqual([])
    expect(await letters()).toEqual([expect.stringContaining('signature')])
  })

  test('cannot claim its id as one that was made for it', async () => {
    const claimed = { topic: 'port', partition: 1, offset: 7, digest: 'of the real one' }
    await deps.claims.claim(makeEvent('e0'), claimed)
    const made = { name: 'tidewire-id', value: Buffer.from('made') }
    const batch = Array.from({ length: 6 }, (_, offset) => {
      const record = makeRecord({ offset }, makeEvent(`e${offset}`))
      return { ...record, headers: [...record.headers, made] }
    })

    expect(idsOf(await storeBatch(batch, deps))).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
    expect(await deps.claims.find([makeEvent('e0')])).toEqual([claimed])
  })

  test('that has the id of another event is a dead letter, and a repeat is none', async () => {
    const first = makeEvent('a', { data: { n: 1 } })
    const batch = [first, first, { ...first, data: { n: 2 } }]
    const stored = await storeBatch(
      batch.map((event, offset) => makeRecord({ offset }, event)),
      deps,
    )

    expect(stored.map(({ offset }) => offset)).toEqual([0])
    expect(await letters()).toEqual([
      'the id "a" of the source "/tests" was taken by another event, at offset 0 of partition 0 of port',
    ])
  })
})

describe('the replay of a dead letter', () => {
  const replay = (offset: number, of: number, event: CloudEvent | string) => {
    const record = makeRecord({ offset }, event)
    const header = { name: REPLAY_OF, value: Buffer.from(`port/0/${of}`) }
    return { ...record, headers: [...record.headers, header] }
  }

  test('is stored with the position of its letter', async () => {
    await storeBatch([makeRecord({ offset: 0 }, POISON)], deps)

    const events = await storeBatch([replay(1, 0, makeEvent('mended'))], deps)

    expect(events).toMatchObject([{ offset: 1, replayOf: { topic: 'port', partition: 0, offset: 0 } }])
    expect(await storeBatch([replay(2, 0, makeEvent('mended'))], deps)).toEqual([])
  })

  test('has the claim of its event if the first record was never stored', async () => {
    const event = makeEvent('e')
    await deps.claims.claim(event, { topic: 'port', partition: 0, offset: 0 })
    await storeBatch([makeRecord({ offset: 0 }, POISON)], deps)

    for (const _ of ['once', 'again'])
      expect(idsOf(await storeBatch([replay(1, 0, event)], deps))).toEqual(['e'])

    expect(await deps.claims.find([event])).toMatchObject([{ offset: 1 }])
    expect(await storeBatch([replay(2, 0, event)], deps)).toEqual([])
  })

  test('is a repeat if the first record is stored, mended or not', async () => {
    deps = { ...deps, decode: (record) => ({ ...decodeOf(record), digest: String(record.offset) }) }
    await storeBatch([makeRecord({ offset: 0 }, makeEvent('e'))], deps)

    expect(await storeBatch([replay(1, 0, makeEvent('e', { subject: 'mended' }))], deps)).toEqual([])

    expect(await allLetters(deps.deadLetters, ['port'])).toEqual([])
  })

  test('of another event whose id is still taken becomes a letter again', async () => {
    deps = { ...deps, decode: (record) => ({ ...decodeOf(record), digest: String(record.offset) }) }
    await storeBatch(
      [makeRecord({ offset: 0 }, makeEvent('e')), makeRecord({ offset: 1 }, makeEvent('e'))],
      deps,
    )

    await storeBatch([replay(2, 1, makeEvent('e'))], deps)

    const letters = await allLetters(deps.deadLetters, ['port'])
    expect(letters.map(({ offset, code }) => [offset, code])).toEqual([
      [2, 'id_taken'],
      [1, 'id_taken'],
    ])
  })
})
