import { expect, test } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { createForgeryWorld } from '#shared/testing/forgery/forgery-world.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** Types that views emit and that others may write too: what somebody on the quay can see and report as well. */
const OPEN = [
  'port.berth.freed',
  'port.berth.occupied',
  'port.container.inspection-requested',
  'sensor.alert',
  'sensor.recovered',
]
/** Types that no view emits: the moves of a lifecycle, and what Tidewire says of itself. */
const NOT_EMITTED = /^(?:port\.lifecycle|tidewire)\./

const ada = makePrincipal({ name: 'ada', role: 'publisher' })
const tick = (price: number, minute = 0, symbol = 'ACME') => ({
  type: 'market.tick',
  time: new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString(),
  data: { symbol, price, volume: 5 },
})
const order = (orderId: string, more: object) => ({
  type: 'market.order.placed',
  data: { orderId, symbol: 'ACME', side: 'buy', kind: 'market', quantity: 1, ...more },
})
const alert = (alertId: string, threshold: number) => ({
  type: 'market.alert.created',
  data: { alertId, symbol: 'ACME', kind: 'price-above', threshold },
})
const STORY = [
  tick(100),
  order('o-1', {}),
  order('o-2', { symbol: 'NONE' }),
  order('o-3', { quantity: 1_000_000 }),
  order('o-4', { kind: 'limit', limit: 50 }),
  { type: 'market.order.cancel-requested', data: { orderId: 'o-4' } },
  { type: 'market.order.cancel-requested', data: { orderId: 'o-9' } },
  alert('a-1', 110),
  alert('a-2', 900),
  tick(120),
  { type: 'market.alert.deleted', data: { alertId: 'a-2' } },
  { type: 'market.alert.deleted', data: { alertId: 'a-9' } },
  { type: 'port.container.arrived', data: { containerId: 'BOX' } },
  { type: 'port.ship.arrived', data: { shipId: 'mv-1', berth: 'B1' } },
  { type: 'port.berth.assigned', data: { berthId: 'B1', shipId: 'mv-2' } },
  { type: 'port.ship.departed', data: { shipId: 'mv-1', berth: 'B1' } },
  { type: 'port.ship.distress', data: { shipId: 'mv-3' } },
  ...[20, 41, 20].map((temperature) => ({ type: 'sensor.reading', data: { sensorId: 's', temperature } })),
]

/** Longer than the live window of candles. */
const TEN_HOURS = Array.from({ length: 600 }, (_, minute) => tick(100, minute + 1))

test('what views emit, nobody else can write, but for the types that are knowingly open', async () => {
  const world = createForgeryWorld()
  for (const event of STORY) {
    expect(await world.post(ada, event, true)).toBeNull()
    await world.settle()
  }
  for (const event of TEN_HOURS) expect(await world.post(ada, event, true)).toBeNull()
  await world.settle()

  const emitted = world.stored().filter(({ event }) => event.source.startsWith('urn:tidewire:fold:'))
  const internal = domains
    .flatMap(({ events }) => Object.entries(events))
    .flatMap(([type, { isInternal }]) => (isInternal && !NOT_EMITTED.test(type) ? [type] : []))
  expect([...new Set(emitted.map(({ event }) => event.type))].sort()).toEqual([...internal, ...OPEN].sort())
  expect(await world.letters()).toBe(0)
})
