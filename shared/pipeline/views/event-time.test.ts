import { describe, expect, test } from 'vitest'
import { createViewParts } from '#shared/client/view.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'
import { eventsOf, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { makeRecord } from '#shared/testing/accept/records.ts'
import { foldBatch } from './fold.ts'
import { viewsOf } from './views.ts'

const LOGGED = Date.parse('2026-11-27T10:00:00Z')
const NOW = '2026-11-27T09:59:58Z'
const catalog = createCatalog(domains)

/** Returns one record of each kind of event that views fold, all with a time; the story is told twice. */
function story(time: string, tale: string, price: number): (Omit<KafkaRecord, 'offset'> & { id: string })[] {
  const post = { postId: 'p-1', title: `Title ${tale}` }
  const events: [string, Record<string, unknown>, object?][] = [
    ['sensor.reading', { sensorId: 'quay-1', temperature: price, humidity: 50 }],
    ['sensor.alert', { sensorId: 'quay-1', reason: 'hot' }],
    ['market.tick', { symbol: 'ACME', price, volume: 10 }],
    [
      'market.order.placed',
      { orderId: `o-${tale}`, user: 'ada', symbol: 'ACME', side: 'buy', kind: 'market', quantity: 1 },
    ],
    [
      'market.alert.created',
      { alertId: `a-${tale}`, user: 'ada', symbol: 'ACME', kind: 'price-above', threshold: 30 },
    ],
    ['blog.post.created', post],
    ['blog.post.updated', { ...post, content: tale }],
    ['port.container.arrived', { containerId: 'MSKU-1', berth: 'B1' }],
    ['port.ship.arrived', { shipId: `mv-${tale}`, berth: 'B1' }],
    ['port.ship.distress', { shipId: 'mv-1' }],
    [
      'port.lifecycle.acknowledged',
      { by: 'ada', move: 'acknowledge', at: NOW },
      { subject: 'one-7', subjectsource: '/tests', category: 'port.container.lifecycle' },
    ],
    ['notes.added', { text: tale }, { category: 'notes' }],
  ]
  return events.map(([type, data, more], index) => {
    const id = `${tale}-${index}`
    const event = { specversion: '1.0', id, source: '/tests', type, time, data, ...more }
    const { category } = decoded(JSON.stringify(event), 'events')
    const topic = catalog.topicOf(category)
    return { ...makeRecord({ topic, offset: 0, timestamp: LOGGED }, JSON.stringify(event)), id }
  })
}

function decoded(json: string, topic: string): { readonly category: string } {
  const { event } = makeFoldDeps(undefined, domains).deps.decode(makeRecord({ topic, offset: 0 }, json))
  return { category: event.category ?? '' }
}

/** Folds records as they are in the topics, and returns every part of every view and what followed. */
async function folded(
  tales: readonly (readonly Omit<KafkaRecord, 'offset'>[])[],
  skipped: ReadonlySet<unknown> = new Set(),
) {
  const { deps, appended } = makeFoldDeps(undefined, domains)
  const byTopic = Map.groupBy(tales.flat(), ({ topic }) => topic)
  for (const records of byTopic.values()) {
    const placed = records.map((record, offset) => ({ record, placed: { ...record, offset } }))
    for (const { record, placed: one } of placed) if (!skipped.has(record)) await foldBatch([one], deps)
  }
  const parts = []
  for (const { name } of viewsOf(domains).all)
    for (const { epoch: _, ...part } of (await deps.viewStore.read(name, { limit: 500 })).parts)
      parts.push(part)
  return { parts, appended: followed(appended) }
}

function followed(appended: readonly NewRecord[]) {
  return eventsOf(appended).map(({ id: _, ...event }) => event)
}

describe('an event whose time is ahead of the log', () => {
  test('moves no view of any domain, and nothing follows from it', async () => {
    const [first, last] = [story(NOW, 'one', 20), story(NOW, 'three', 21)]
    for (const time of ['2099-01-01T00:00:00Z', '2026-11-27T10:05:00.001Z', '9999-12-31T23:59:60Z']) {
      const ahead = story(time, 'two', 99)
      const without = await folded([first, ahead, last], new Set(ahead))
      const withThem = await folded([first, ahead, last])
      expect(withThem).toEqual(without)
      expect(without.parts.length).toBeGreaterThan(10)
      expect(without.appended.length).toBeGreaterThan(0)
    }
  })

  test('is told from one within the bound, which counts like any other', async () => {
    const first = story(NOW, 'one', 20)
    const soon = story('2026-11-27T10:05:00Z', 'two', 99)
    const { appended } = await folded([first, soon])
    expect(appended.map(({ type }) => type)).toContain('sensor.alert')
    expect((await folded([first, soon])).parts).not.toEqual(
      (await folded([first, soon], new Set(soon))).parts,
    )
  })

  test('moves nothing in a client either', () => {
    const { sensors } = viewsByName()
    const parts = createViewParts(sensors)
    const reading = (offset: number, time: string, ahead?: true) => ({
      topic: 'sensor-readings',
      partition: 0,
      offset,
      ...(ahead && { ahead }),
      event: {
        specversion: '1.0' as const,
        id: `r${offset}`,
        source: '/tests',
        type: 'sensor.reading',
        category: 'sensor.reading.quay-1',
        time,
        data: { sensorId: 'quay-1', temperature: 20 + offset },
      },
    })
    expect(parts.apply(reading(0, NOW))).toBe(true)
    expect(parts.apply(reading(1, '2099-01-01T00:00:00Z', true))).toBe(false)
    expect(parts.apply(reading(2, NOW))).toBe(true)
    expect(parts.states().get('quay-1')).toMatchObject({ readings: 2, last: { temperature: 22 } })
  })
})

function viewsByName() {
  const view = viewsOf(domains).find('sensors', 'sensors')?.view
  if (view === undefined) throw new Error('there is no view of sensors')
  // The state is that of the sensors.
  return { sensors: view }
}

describe('a leap second', () => {
  test.each([
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59Z'],
    ['2017-01-01T00:59:60.250+01:00', '2017-01-01T00:59:59.250+01:00'],
    ['2016-12-31t23:59:60.9z', '2016-12-31t23:59:59.9z'],
  ])('%s gives every view the state of %s', async (leap, usual) => {
    const before = story('2016-12-31T23:59:00Z', 'one', 20)
    const read = await folded([before, story(leap, 'two', 41)])
    const expected = await folded([before, story(usual, 'two', 41)])
    const asRead = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll(leap, usual))
    expect(asRead(read)).toEqual(expected)
  })
})
