import { beforeEach, describe, expect, test } from 'vitest'
import { ERASED_TYPE } from '#shared/core/erasure.ts'
import { storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { createErasureWorld } from '#shared/testing/erasure/erasure-world.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type EraseCommand, eraseEvent, readReason } from './erase-event.ts'

const MARK = 'Ozymandias'
const ADMIN = makePrincipal({ name: 'ada', role: 'admin' })
let world: ReturnType<typeof createErasureWorld>

beforeEach(() => {
  world = createErasureWorld()
})

const erase = async (id: string, more: Partial<EraseCommand> = {}) => {
  const erased = await eraseEvent({ id, principal: ADMIN, ...more }, world.deps)
  await world.settle()
  return erased
}

const damaged = (more: object = {}) => ({
  id: 'd1',
  type: 'port.container.damaged',
  subject: MARK,
  extension: MARK,
  severity: 'critical',
  data: {
    title: MARK,
    description: MARK,
    location: MARK,
    containerId: MARK,
    metadata: { [MARK]: MARK },
    other: MARK,
    coordinates: { latitude: 53.5, longitude: 9.9 },
    priority: 'urgent',
    requiresAction: true,
  },
  ...more,
})

/** An event of each kind that has a mark in every text which is not the name of a channel or of a state. */
const MARKED = [
  damaged(),
  {
    id: 'a1',
    type: 'port.container.arrived',
    subject: MARK,
    data: { containerId: MARK, berth: MARK, title: MARK },
  },
  { id: 's1', type: 'port.ship.arrived', data: { shipId: MARK, berth: 'B2', location: MARK } },
  {
    id: 'b1',
    type: 'blog.post.created',
    subject: 'p-1',
    data: {
      title: MARK,
      slug: MARK,
      author: MARK,
      excerpt: MARK,
      content: MARK,
      tags: [MARK],
      by: MARK,
      other: MARK,
    },
  },
  {
    id: 'o1',
    type: 'market.order.placed',
    subject: MARK,
    data: {
      orderId: MARK,
      user: 'eve',
      symbol: 'ACME',
      side: 'buy',
      kind: 'limit',
      quantity: 3,
      limit: 100,
      note: MARK,
    },
  },
  {
    id: 'l1',
    type: 'market.alert.created',
    subject: MARK,
    data: { alertId: MARK, user: 'eve', symbol: 'ACME', kind: 'price-above', threshold: 200, note: MARK },
  },
  {
    id: 't1',
    type: 'market.tick',
    subject: MARK,
    data: { symbol: 'ACME', price: 120, volume: 5, note: MARK },
  },
  {
    id: 'r1',
    type: 'sensor.reading',
    subject: MARK,
    data: { sensorId: 'dock-3', location: 'Quay', temperature: 41.5, humidity: 95, note: MARK },
  },
  { id: 'u1', type: 'acme.unknown', subject: MARK, data: { deep: [{ [MARK]: MARK }] } },
  { id: 'u2', type: 'acme.bytes', data_base64: Buffer.from(MARK).toString('base64') },
]
const BYTES = Buffer.from(MARK).toString('base64')

describe('an erased event', () => {
  test.each(MARKED)(
    'leaves nothing of its data in any table, and nothing comes back: $type',
    async (event) => {
      await world.publish(event)
      expect(await world.dump()).toMatch(new RegExp(`${MARK}|${BYTES}`))

      await erase(event.id)

      expect(await world.dump()).not.toMatch(new RegExp(`${MARK}|${BYTES}`))
      await world.rebuild()
      expect(await world.dump()).not.toMatch(new RegExp(`${MARK}|${BYTES}`))
    },
  )

  test('keeps what it was, when, and where', async () => {
    const { topic, partition, offset } = await world.publish(damaged())

    await erase('d1')

    const stored = (await world.storedEvents()).find(({ event }) => event.id === 'd1')
    expect(stored).toMatchObject({ topic, partition, offset })
    expect(stored?.event).toEqual({
      specversion: '1.0',
      id: 'd1',
      source: '/test',
      type: 'port.container.damaged',
      category: 'port.container',
      severity: 'critical',
      time: expect.any(String),
      erased: '2026-03-01T10:00:00.000Z',
    })
  })

  test('is answered with what was erased with it, and what stays in Kafka until when', async () => {
    const event = await world.publish(damaged())

    const erased = await erase('d1')

    expect(erased.also).toEqual([{ id: expect.any(String), source: 'urn:tidewire:fold:port/cases' }])
    const { topic, partition, offset } = event
    expect(erased.kafka[0]).toEqual({ topic, partition, offset, until: '2026-03-01T12:00:00.000Z' })
    expect(erased.kafka).toHaveLength(2)
    expect(erased.views).toBe('done')
  })

  test('stays so if it is erased again, and the response is the same', async () => {
    await world.publish(damaged())
    const first = await erase('d1')
    const count = world.records.length

    expect(await erase('d1')).toEqual(first)
    expect(world.records).toHaveLength(count)
  })

  test('is announced in its own partition and channel, above it, without its data', async () => {
    const { topic, partition, offset } = await world.publish(damaged())

    const erased = await erase('d1')

    expect(erased).toMatchObject({ topic, partition })
    expect(erased.offset).toBeGreaterThan(offset)
    const stored = (await world.storedEvents()).find(({ event }) => event.id === erased.id)
    expect(stored?.event).toMatchObject({
      type: ERASED_TYPE,
      category: 'port.container',
      data: { id: 'd1', source: '/test', offset, keys: ['d1@%2Ftest', 'd1'], by: 'ada' },
    })
  })
})

describe('what repeats an erased event', () => {
  const order = {
    orderId: MARK,
    user: 'eve',
    symbol: 'ACME',
    side: 'buy',
    kind: 'limit',
    quantity: 3,
    limit: 100,
  }
  const tick = (id: string, price: number) =>
    world.publish({ id, type: 'market.tick', data: { symbol: 'ACME', price, volume: 5 } })
  const stateOf = async (view: string, key: string) => {
    const { parts } = await world.viewStore.read(view, { key, limit: 1 })
    return parts[0]?.state
  }

  test('is erased too: an order with its whole way through the book, while the cash stays', async () => {
    await tick('t1', 120)
    await world.publish({ id: 'o1', type: 'market.order.placed', data: order })
    await tick('t2', 99)

    const { also } = await erase('o1')

    expect(also.length).toBeGreaterThanOrEqual(4)
    expect(await world.dump()).not.toContain(MARK)
    expect(await stateOf('market/portfolio', 'eve')).toMatchObject({ cash: '99703.0000', open: [] })
    expect(await stateOf('market/orders', 'eve')).toEqual({ orders: [] })
  })

  test('is erased too: an order that still waits no longer waits, and reserves nothing', async () => {
    await tick('t1', 120)
    await world.publish({ id: 'o1', type: 'market.order.placed', data: order })

    await erase('o1')

    expect(await stateOf('market/portfolio', 'eve')).toMatchObject({ cash: '100000.0000', open: [] })
    expect(await stateOf('market/book', 'ACME')).toEqual({ last: 1_200_000, waiting: [] })
    await tick('t2', 99)
    expect(await stateOf('market/portfolio', 'eve')).toMatchObject({ cash: '100000.0000' })
  })

  test('is erased too: the notes of the moves of a case, and the case keeps who moved it', async () => {
    await world.publish({ ...damaged(), severity: 'high' })
    const move = {
      type: 'port.lifecycle.acknowledged',
      category: 'port.container.lifecycle',
      subject: 'd1',
      subjectsource: '/test',
      partitionkey: MARK,
      data: {
        move: 'acknowledge',
        by: 'anna',
        at: '2026-03-01T10:00:00Z',
        from: 'new',
        to: 'acknowledged',
        note: MARK,
      },
    }
    await world.publish({ id: 'm1', source: 'urn:tidewire:moves', ...move })
    // Of somebody else, and not a move, whatever its id.
    await world.publish({
      id: 'm1',
      type: 'port.container.arrived',
      partitionkey: MARK,
      data: { title: 'stays' },
    })

    const { also } = await erase('d1')

    expect(also).toEqual([{ id: 'm1', source: 'urn:tidewire:moves' }])
    const left = await world.dump()
    expect(left.replace(`"partitionkey":"${MARK}"`, '')).not.toContain(MARK)
    expect(left).toContain('stays')
    expect(await stateOf('port/cases', 'd1@%2Ftest')).toMatchObject({
      title: 'Container damaged',
      isErased: true,
      status: 'acknowledged',
      history: [{ event: 'm1', by: 'anna', move: 'acknowledge' }],
    })
  })

  test('stays where it is about others: what a tick set off', async () => {
    await tick('t1', 120)
    await world.publish({ id: 'o1', type: 'market.order.placed', data: order })
    await tick('t2', 99)

    const { also } = await erase('t2')

    expect(also).toEqual([])
    expect(await stateOf('market/orders', 'eve')).toMatchObject({ orders: [{ status: 'filled' }] })
  })
})

test('a dead letter of an erased event has no bytes, no headers and no reason left', async () => {
  const { topic, partition, offset } = await world.publish({ ...damaged(), severity: 'high' })
  const [record] = world.records
  const letter = makeLetter({
    topic,
    partition,
    offset,
    timestamp: record?.timestamp ?? 0,
    reason: MARK,
    key: BYTES,
    value: BYTES,
    headers: [{ name: 'ce_subject', value: BYTES }],
  })
  await world.deadLetters.put(letter)

  await erase('d1')

  expect(await world.deadLetters.get(letter)).toMatchObject({ offset, key: null, value: null, headers: [] })
  expect(await world.dump()).not.toContain(MARK)
})

describe('a request to erase', () => {
  test('an unknown event is refused', async () => {
    await expect(erase('nobody')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('an erasure is refused', async () => {
    await world.publish(damaged())
    const { id } = await erase('d1')

    await expect(erase(id)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('an entry of the audit trail is refused', async () => {
    const data = { action: 'key.created', outcome: 'done' }
    await world.publish({
      id: 'x1',
      type: 'tidewire.audit.key.created',
      category: 'tidewire.audit.key.created',
      data,
    })

    await expect(erase('x1')).rejects.toMatchObject({ code: 'conflict' })
  })

  test('is refused where the credentials are not granted it, and nothing is written', async () => {
    await world.publish(damaged())
    const grants = [
      { actions: 'read', channels: '**', types: '**' },
      { actions: 'events.erase', channels: 'blog.**', types: '**' },
    ]

    await expect(erase('d1', { principal: { ...ADMIN, grants } })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await world.dump()).toContain(MARK)
  })

  test('that stopped half way is completed by the same request', async () => {
    await world.publish(damaged())
    const { store } = world.deps
    let failures = 1
    const failing = {
      ...world.deps,
      store: {
        ...store,
        erase: async (...asked: Parameters<typeof store.erase>) => {
          if (failures-- > 0) throw new Error('the table is away')
          return store.erase(...asked)
        },
      },
    }
    await expect(eraseEvent({ id: 'd1', principal: ADMIN }, failing)).rejects.toThrow('away')

    const { also } = await erase('d1')

    expect(also).toHaveLength(1)
    expect(await world.dump()).not.toContain(MARK)
  })

  test.each([
    {},
    { reason: '' },
    { reason: ' ' },
    { reason: 7 },
    { reason: 'x'.repeat(501) },
    { reason: 'x', to: 1 },
  ])('needs a reason: %j is refused', (body) => {
    expect(() => readReason(body)).toThrowError(expect.objectContaining({ code: 'invalid_event' }))
  })

  test('has a reason of up to 500 characters', () => {
    expect(readReason({ reason: ' asked by the person ' })).toBe('asked by the person')
  })
})

describe('a record that comes again after its event was erased', () => {
  const recordOf = (id: string): KafkaRecord[] =>
    world.records.filter(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()).id === id)

  test('brings nothing back, and is pushed without its data', async () => {
    await world.publish(damaged())
    await erase('d1')

    const [pushed] = await storeBatch(recordOf('d1'), world.storing())

    expect(pushed?.event).toMatchObject({ id: 'd1', erased: '2026-03-01T10:00:00.000Z' })
    expect(JSON.stringify(pushed)).not.toContain(MARK)
    expect(await world.dump()).not.toContain(MARK)
  })

  test('brings nothing back even from a worker that takes it for a new one', async () => {
    const receipt = await world.publish(damaged())
    await erase('d1')
    const { epoch } = await world.deps.store.topic(receipt.topic)
    const stale = world.storing()
    const { topic, partition, offset } = receipt
    stale.heads.keep({ topic, epoch, partition }, { offset: offset - 1, first: 0, timestamp: 0 })

    await storeBatch(recordOf('d1'), stale)

    expect(await world.dump()).not.toContain(MARK)
  })
})
