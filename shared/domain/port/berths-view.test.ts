import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DomainEvent, Emission, View } from '#shared/domain/define-domain.ts'
import { checkData, checkEvent, completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import { arbitraryEvents, RUNS } from '#shared/testing/port/arbitrary-events.ts'
import { foldEvents, makeEvent } from '#shared/testing/port/fold-events.ts'
import { berths } from './berths-view.ts'
import { port } from './port.ts'
import { cases } from './port-views.ts'

let count = 0
const at = (type: string, shipId?: string) =>
  makeEvent(`b${count++}`, `port.berth.${type}`, {
    subject: 'B2',
    data: { berthId: 'B2', ...(shipId && { shipId }) },
  })
const berthAfter = (...events: DomainEvent[]) => foldEvents(berths, events).states.get('B2')

test('a berth is occupied by the ship that it is assigned to, until it is freed', () => {
  expect(berthAfter(at('assigned', 'aurora'))).toMatchObject({ status: 'occupied', ship: 'aurora' })
  expect(berthAfter(at('assigned', 'aurora'), at('freed', 'aurora'))).toMatchObject({
    berth: 'B2',
    status: 'free',
    ship: null,
    history: [{ what: 'assigned', ship: 'aurora' }, { what: 'freed' }],
  })
})

test('a berth that is given to a second ship stays with the first, and a critical conflict follows, once', () => {
  const { states, emitted } = foldEvents(berths, [at('assigned', 'aurora'), at('assigned', 'borealis')])

  expect(states.get('B2')).toMatchObject({ ship: 'aurora', contender: 'borealis' })
  expect(emitted).toMatchObject([
    {
      type: 'port.berth.conflict',
      severity: 'critical',
      category: 'port.berth',
      subject: 'B2',
      partitionkey: 'B2',
      data: { title: 'Berth B2 is taken by aurora and was given to borealis', contender: 'borealis' },
    },
  ])
})

test('the same ship again is no conflict, and a ship frees no other ship’s berth', () => {
  const { emitted } = foldEvents(berths, [at('assigned', 'aurora'), at('occupied', 'aurora')])
  expect(emitted).toEqual([])
  expect(berthAfter(at('assigned', 'aurora'), at('freed', 'borealis'))).toMatchObject({ ship: 'aurora' })
})

test('an erased event is forgotten in the history, and one of another source with the same id stays', () => {
  const given = makeEvent('same', 'port.berth.assigned', {
    subject: 'B2',
    data: { berthId: 'B2', shipId: 'aurora' },
  })
  const state = berthAfter(given, at('freed', 'aurora'), { ...given, source: '/others' })
  const erased = { id: 'same', source: '/others', type: 'port.berth.assigned', offset: 2 }
  const shipsIn = (berth: typeof state) => berth?.history.map(({ ship }) => ship)
  const after = state && berths.erasing?.forget?.(state, erased, 'B2')

  expect(shipsIn(state)).toEqual(['aurora', 'aurora', 'aurora'])
  expect(shipsIn(after)).toEqual(['aurora', 'aurora', null])
  // An earlier version kept no source: then the id alone tells.
  const history = state?.history.map(({ source: _, ...entry }) => entry) ?? []
  expect(shipsIn(state && berths.erasing?.forget?.({ ...state, history }, erased, 'B2'))).toEqual([
    null,
    'aurora',
    null,
  ])
})

test('a container’s arrival asks for its inspection, in the container’s own partition', () => {
  const arrived = makeEvent('c', 'port.container.arrived', { subject: 'MSKU-1', data: { berth: 'B2' } })
  expect(foldEvents(cases, [arrived]).emitted).toMatchObject([
    {
      type: 'port.container.inspection-requested',
      subject: 'MSKU-1',
      partitionkey: 'MSKU-1',
      data: { requiresAction: true, berth: 'B2', because: { id: 'c', source: '/tests' } },
    },
  ])
})

test('a ship that departs from a berth frees it, in the berth’s own partition', () => {
  const departed = makeEvent('s', 'port.ship.departed', { data: { shipId: 'aurora', berth: 'B2' } })
  expect(foldEvents(cases, [departed]).emitted).toMatchObject([
    { type: 'port.berth.freed', subject: 'B2', partitionkey: 'B2', data: { shipId: 'aurora' } },
  ])
  expect(foldEvents(cases, [makeEvent('s', 'port.ship.departed')]).emitted).toEqual([])
})

test('what is critical notifies, and a notification notifies of nothing', () => {
  const alert = makeEvent('x', 'port.security-alert', { severity: 'critical', data: { title: 'Intruder' } })
  const [notification] = foldEvents(cases, [alert]).emitted

  expect(notification).toMatchObject({
    type: 'port.notification',
    category: 'port.system',
    severity: 'high',
    data: { title: 'Critical: Intruder', because: { id: 'x' } },
  })
  const loud = makeEvent('n', 'port.notification', { severity: 'critical' })
  expect(foldEvents(cases, [loud]).emitted).toEqual([])
})

/** What follows from events, and what follows from that, until nothing does. */
function followUp(events: readonly DomainEvent[]): number {
  const log: DomainEvent[] = [...events]
  let rounds = 0
  for (let fresh = log; fresh.length > 0; rounds++) {
    const before = log.length - fresh.length
    const emittedBy = (view: View<never>, all: readonly DomainEvent[]) => foldEvents(view, all).emitted
    const emitted = ([cases, berths] as unknown as View<never>[]).flatMap((view) =>
      emittedBy(view, log).slice(emittedBy(view, log.slice(0, before)).length),
    )
    fresh = emitted.map((emission: Emission, index) => ({
      id: `${rounds}-${index}`,
      source: 'fold',
      ...emission,
    }))
    log.push(...fresh)
    if (rounds > 10) return rounds
  }
  return rounds
}

test('whatever comes, what follows from it is a valid event of the catalog', () => {
  const deps = {
    catalog: createCatalog([port]),
    now: () => new Date(),
    newId: () => 'id',
  }
  fc.assert(
    fc.property(arbitraryEvents, (events) => {
      for (const view of [cases, berths] as unknown as View<never>[])
        for (const emission of foldEvents(view, events).emitted) {
          const event = validateEvent({ ...emission, id: 'e', source: 'urn:fold' }, (draft) =>
            completeEvent(draft, deps),
          )
          expect([...checkEvent(event), ...checkData(event, deps.catalog)]).toEqual([])
        }
    }),
    { numRuns: RUNS },
  )
})

test('whatever comes, what follows from it comes to an end', () => {
  fc.assert(
    fc.property(arbitraryEvents, (events) => {
      expect(followUp(events)).toBeLessThan(6)
      for (const berth of foldEvents(berths, events).states.values()) {
        expect(berth.history.length).toBeLessThanOrEqual(20)
        expect(berth.status === 'free').toBe(berth.ship === null)
      }
    }),
    { numRuns: RUNS },
  )
})
