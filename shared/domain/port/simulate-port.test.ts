import { expect, test } from 'vitest'
import type { SimulatedEvent } from '#shared/domain/define-domain.ts'
import { foldEvents, makeEvent } from '#shared/testing/port/fold-events.ts'
import { createRandom } from '#shared/testing/random.ts'
import { berths } from './berths-view.ts'
import { port } from './port.ts'
import { cases } from './port-views.ts'
import { makeContainerId, simulatePort } from './simulate-port.ts'

const BEGIN = Date.parse('2026-11-21T08:00:00Z')

function simulate(seed: number, count = 3000): SimulatedEvent[] {
  const events: SimulatedEvent[] = []
  for (const event of simulatePort(createRandom(seed).next, BEGIN)) if (events.push(event) === count) break
  return events
}

/** The events of a simulation with those at berths that follow by themselves. */
function simulateLog(seed: number) {
  return simulate(seed).flatMap(({ event }, index) => {
    const made = makeEvent(`e${index}`, event.type, event)
    const followed = foldEvents(cases, [made]).emitted.filter(({ category }) => category === 'port.berth')
    return [made, ...followed.map((emission, nth) => makeEvent(`e${index}-${nth}`, emission.type, emission))]
  })
}

test('the same seed makes the same events, another seed others', () => {
  expect(simulate(1, 200)).toEqual(simulate(1, 200))
  expect(simulate(1, 200)).not.toEqual(simulate(2, 200))
})

test('every event is of a type of the catalog, fits its schema, and comes 1 to 3 s after the one before', () => {
  let time = BEGIN
  for (const { waitMs, event } of simulate(3)) {
    time += waitMs
    expect(waitMs).toBeGreaterThanOrEqual(1000)
    expect(waitMs).toBeLessThanOrEqual(3000)
    expect(Date.parse(event.time ?? '')).toBe(time)
    expect(port.events[event.type]?.schema.safeParse(event.data).success, event.type).toBe(true)
  }
})

test('an hour or two at the port has something of everything, and not too much that is critical', () => {
  const events = simulate(4)
  const counts = Map.groupBy(events, ({ event }) => event.type)
  const conflicts = foldEvents(berths, simulateLog(4)).emitted.length

  expect(counts.size).toBeGreaterThan(16)
  for (const type of [
    'port.container.arrived',
    'port.ship.arrived',
    'port.ship.departed',
    'port.ship.delayed',
  ])
    expect(counts.get(type)?.length, type).toBeGreaterThan(20)
  const alerts = counts.get('port.security-alert')?.length ?? 0
  expect(alerts + conflicts).toBeGreaterThan(3)
  expect(alerts + conflicts).toBeLessThan(events.length / 20)
})

test('ships come and go: no berth is left occupied by a ship that departed', () => {
  const log = simulateLog(5)
  const departed = new Map<string, boolean>()
  for (const { type, subject = '' } of log) {
    if (type === 'port.ship.arrived') departed.set(subject, false)
    if (type === 'port.ship.departed') departed.set(subject, true)
  }
  const taken = [...foldEvents(berths, log).states.values()].filter(({ status }) => status === 'occupied')
  expect(taken.length).toBeGreaterThan(0)
  for (const { ship } of taken) expect(departed.get(ship ?? ''), String(ship)).toBe(false)
})

test('container numbers carry the check digit of ISO 6346', () => {
  const numbers = [0, 0.9070325]
  expect(makeContainerId(() => numbers.shift() ?? 0)).toBe('MSKU-9070323')
})
