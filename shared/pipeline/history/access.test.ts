import { describe, expect, test } from 'vitest'
import { parseScopes } from '#shared/core/access/grants.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { makeLog } from '#shared/testing/accept/logs.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { accessOf } from './access.ts'
import { catchUp } from './catch-up.ts'
import { type HistoryPage, listEvents } from './list-events.ts'
import { PAGE_SCAN } from './page-room.ts'

const catalog = createCatalog([
  { name: 'market', topics: { market: ['market.**'] }, events: {} },
  { name: 'audit', topics: { audit: ['tidewire.audit.**'] }, events: {} },
  { name: 'port', topics: { port: ['port.**'] }, events: {} },
])
const ada = makePrincipal({ name: 'ada' })
const access = accessOf(ada)
const eventsOf = (user: string, count: number) =>
  Array.from({ length: count }, () => ({
    topic: 'market',
    partition: 0,
    event: { category: `market.user.${user}`, type: 'market.order.filled' },
  }))
const channelsOf = ({ events }: Pick<HistoryPage, 'events'>) => events.map(({ event }) => event.category)

/** A store that notes which topics are asked for, and how many events are read. */
function watch(store: EventStore) {
  const topics = new Set<string>()
  let read = 0
  const watched: EventStore = {
    ...store,
    topic: (topic) => {
      topics.add(topic)
      return store.topic(topic)
    },
    read: async (stream, range) => {
      topics.add(stream.topic)
      const page = await store.read(stream, range)
      read += page.length
      return page
    },
  }
  return { store: watched, topics, read: () => read }
}

describe('a list', () => {
  test('ends after a bounded number of foreign events, and goes on behind them', async () => {
    const { store } = await makeLog([...eventsOf('ada', 1), ...eventsOf('bob', PAGE_SCAN + 1000)])
    const watched = watch(store)
    const query = { channels: ['market.**'] }

    const first = await listEvents(query, undefined, 50, { store: watched.store, catalog, access })
    expect(first.events).toEqual([])
    expect(first.next).not.toBeNull()
    expect(watched.read()).toBeLessThanOrEqual(PAGE_SCAN + 200)

    const second = await listEvents(query, first.next ?? '', 50, { store, catalog, access })
    expect([channelsOf(second), second.next]).toEqual([['market.user.ada'], null])
  })

  test('reads no topic in which the reader may see nothing, even if a "next" that was made by hand names it', async () => {
    const { store } = await makeLog([
      { topic: 'audit', partition: 0, event: { category: 'tidewire.audit.refused' } },
      { topic: 'port', partition: 0, event: { category: 'port.ship' } },
    ])
    const watched = watch(store)
    const [audit, port] = await Promise.all([store.topic('audit'), store.topic('port')])

    const query = { channels: ['**', 'tidewire.**'] }
    const page = await listEvents(query, undefined, 50, { store: watched.store, catalog, access })
    const forged = `audit@${audit.epoch}:0=0;port@${port.epoch}:0=0`
    const forging = listEvents(query, forged, 50, { store: watched.store, catalog, access })

    await expect(forging).rejects.toMatchObject({ code: 'malformed' })
    expect(channelsOf(page)).toEqual(['port.ship'])
    expect([...watched.topics].sort()).toEqual(['events', 'market', 'port'])
  })

  test('of channels of which nothing may be read is refused with what to do; of others these are left out', async () => {
    const { store } = await makeLog([...eventsOf('ada', 1), ...eventsOf('bob', 1)])
    const list = (...channels: string[]) =>
      listEvents({ channels }, undefined, 50, { store, catalog, access })

    await expect(list('market.user.bob', 'market.order.*')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(
        /nothing on "market.user.bob", "market.order.\*". Ask for other channels/,
      ),
    })
    expect(channelsOf(await list('market.user.bob', 'market.user.ada'))).toEqual(['market.user.ada'])
    expect(channelsOf(await list('market.user.*'))).toEqual(['market.user.ada'])
  })

  test('to export takes the right to read and the right to export', async () => {
    const { store } = await makeLog([
      { topic: 'port', partition: 0, event: { category: 'port.ship' } },
      { topic: 'port', partition: 0, event: { category: 'port.berth' } },
    ])
    const scopes = parseScopes(['read:port.**', 'export:port.ship'])
    const own = accessOf({ ...ada, ...scopes }, 'export')

    const page = await listEvents({ channels: ['port.**'] }, undefined, 50, { store, catalog, access: own })

    expect(channelsOf(page)).toEqual(['port.ship'])
    expect(() => own.readable(['port.berth'])).toThrow('may read nothing on "port.berth"')
  })
})

describe('catching up', () => {
  test('passes over foreign events: the cursor moves behind them, and no event is returned', async () => {
    const { store } = await makeLog([...eventsOf('bob', 30), ...eventsOf('ada', 1), ...eventsOf('bob', 30)])
    const query = { channels: ['market.user.*'] }

    const first = await catchUp(query, 'earliest', 50, { store, catalog, access })
    expect(channelsOf(first)).toEqual(['market.user.ada'])
    const { epoch } = await store.topic('market')
    expect(first.cursor).toBe(`market@${epoch}:0=60`)
  })

  test('moves on by a bounded number of foreign events with each page', async () => {
    const { store } = await makeLog([...eventsOf('bob', PAGE_SCAN + 1000), ...eventsOf('ada', 1)])
    const watched = watch(store)
    const query = { channels: ['market.user.*'] }

    const first = await catchUp(query, 'earliest', 50, { store: watched.store, catalog, access })
    expect(first.events).toEqual([])
    expect(watched.read()).toBe(PAGE_SCAN)

    const second = await catchUp(query, first.cursor, 50, { store, catalog, access })
    expect(channelsOf(second)).toEqual(['market.user.ada'])
  })
})

test('an erasure is seen by those who may see what it erases, and by no others', () => {
  const grants = [{ actions: 'read', channels: 'port.**', types: 'port.ship.*' }]
  const { admits } = accessOf({ ...makePrincipal(), grants })
  const erasureOf = (type: string) =>
    makeEvent('x', { type: 'tidewire.erased', category: 'port.ship', data: { id: 'e', type } })

  expect(admits(erasureOf('port.ship.arrived'))).toBe(true)
  expect(admits(erasureOf('port.berth.freed'))).toBe(false)
})
