import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { approximate, parseExactJson } from '#shared/core/json/exact-json.ts'
import type { DomainEvent, View } from '#shared/domain/define-domain.ts'
import { arbitraryEvents, RUNS } from '#shared/testing/port/arbitrary-events.ts'
import { foldEvents, makeEvent, makeMove } from '#shared/testing/port/fold-events.ts'
import { berths } from './berths-view.ts'
import { type Case, openCase } from './case.ts'
import { cases } from './port-views.ts'
import { statistics } from './statistics-view.ts'

const damaged = makeEvent('d1', 'port.container.damaged', {
  subject: 'MSKU-9021044',
  severity: 'high',
  data: {
    title: 'Dent',
    priority: 'urgent',
    location: 'Yard',
    requiresAction: true,
    metadata: { crane: 4 },
    coordinates: { latitude: 53.5, longitude: 8.5 },
    containerId: 'MSKU-9021044',
    seal: 'broken',
  },
})
const caseAfter = (...moves: DomainEvent[]) => {
  const found = foldEvents(cases, [damaged, ...moves]).states.get('d1@%2Ftests')
  if (!found) throw new Error('the event has no case')
  return found
}

describe('a case', () => {
  test('opens with its event: what all events may say, and what only this one says', () => {
    expect(caseAfter()).toMatchObject({
      id: 'd1',
      type: 'port.container.damaged',
      category: 'port.container',
      severity: 'high',
      title: 'Dent',
      priority: 'urgent',
      location: 'Yard',
      requiresAction: true,
      metadata: { crane: 4 },
      coordinates: { latitude: 53.5, longitude: 8.5 },
      details: { containerId: 'MSKU-9021044', seal: 'broken' },
      status: 'new',
      history: [],
    })
  })

  test('has a title made of its type if its data has none', () => {
    const event = makeEvent('e', 'port.container.customs-hold', { subject: 'MSKU-9021044' })
    expect(foldEvents(cases, [event]).states.get('e@%2Ftests')?.title).toBe(
      'Container customs hold: MSKU-9021044',
    )
  })

  test('goes from new to closed, and its history has the user and the time of each move', () => {
    const closed = caseAfter(
      makeMove('d1', 'acknowledge', 'anna'),
      makeMove('d1', 'assign', 'anna', { assignee: 'bob' }),
      makeMove('d1', 'start', 'bob'),
      makeMove('d1', 'resolve', 'bob', { note: 'New wall' }),
      makeMove('d1', 'close', 'anna'),
    )

    expect(closed).toMatchObject({ status: 'closed', statusBy: 'anna', assignee: 'bob' })
    expect(closed.history.map(({ by, move, from, to }) => `${by} ${move}: ${from} → ${to}`)).toEqual([
      'anna acknowledge: new → acknowledged',
      'anna assign: acknowledged → acknowledged',
      'bob start: acknowledged → in-progress',
      'bob resolve: in-progress → resolved',
      'anna close: resolved → closed',
    ])
    expect(closed.history[3]?.note).toBe('New wall')
  })

  test('takes the first of two concurrent moves, and records the other as refused', () => {
    const second = makeMove('d1', 'acknowledge', 'bob')

    const state = caseAfter(makeMove('d1', 'acknowledge', 'anna'), second)

    expect(state).toMatchObject({ status: 'acknowledged', statusBy: 'anna' })
    expect(state.history[1]).toMatchObject({
      event: second.id,
      by: 'bob',
      from: 'acknowledged',
      to: 'acknowledged',
      refused: 'This event is already acknowledged by anna; only a new event can be acknowledged.',
    })
  })

  test('is deleted but not forgotten, and takes no move any more', () => {
    const state = caseAfter(makeMove('d1', 'delete', 'root'), makeMove('d1', 'acknowledge', 'anna'))

    expect(state).toMatchObject({ isDeleted: true, status: 'new' })
    expect(state.history).toHaveLength(2)
    expect(state.history[1]?.refused).toBe('This event was deleted; nothing can be done with it any more.')
  })

  test('knows its readers, each once', () => {
    const reads = ['anna', 'bob', 'anna'].map((user) => makeMove('d1', 'read', user))
    expect(caseAfter(...reads)).toMatchObject({ readBy: ['anna', 'bob'], history: [] })
  })

  test('is not taken away by another event with its id', () => {
    const other = makeEvent('d1', 'port.ship.arrived', { source: '/elsewhere' })
    const expected = { source: '/tests', type: 'port.container.damaged', status: 'acknowledged' }
    const acknowledged = makeMove('d1', 'acknowledge', 'anna')
    expect(caseAfter(acknowledged, other)).toMatchObject(expected)

    const { states } = foldEvents(cases, [other, damaged, acknowledged])

    expect(states.get('d1@%2Ftests')).toMatchObject(expected)
    expect(states.get('d1@%2Felsewhere')).toMatchObject({ source: '/elsewhere', status: 'new' })
  })

  test('that an earlier version kept under the id is moved on, by moves with and without a source', () => {
    const former = openCase(damaged)
    const { subjectsource: _, ...old } = makeMove('d1', 'acknowledge', 'anna')
    const fold = (state: Case | null, event: DomainEvent) =>
      cases.apply(state, { topic: 'container-events', partition: 0, offset: 9, event }, 'd1')
    const start = makeMove('d1', 'start', 'anna')
    for (const move of [old, start])
      expect(cases.keys?.({ topic: '', partition: 0, offset: 9, event: move })).toContain('d1')

    expect(fold(fold(former, old), start)?.status).toBe('in-progress')
    expect(fold(former, { ...start, subjectsource: '/elsewhere' })).toBe(former)
    expect(fold(null, start)).toBeNull()
  })

  test('is not kept under a name that no store takes as a key', () => {
    for (const id of ['x'.repeat(504), '\ud800'])
      expect(foldEvents(cases, [{ ...damaged, id }]).states.size).toBe(0)
    expect(foldEvents(cases, [{ ...damaged, id: 'x'.repeat(503) }]).states.size).toBe(1)
  })

  test('says that it was shortened where an event is too large to be kept whole', () => {
    const huge = makeEvent('h', 'port.notice', {
      data: { description: 'x'.repeat(9000), metadata: { all: 'y'.repeat(90_000) } },
    })
    const state = foldEvents(cases, [huge]).states.get('h@%2Ftests')
    expect(state).toMatchObject({ isShortened: true, metadata: {} })
    expect(state?.description?.length).toBe(4001)
  })
})

describe('whatever comes', () => {
  test('folds leave what a later version keeps in a state', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        for (const view of [cases, statistics, berths] as unknown as View<object | null>[])
          for (const [offset, event] of events.entries()) {
            const input = { topic: 'port-events', partition: 0, offset, event }
            for (const key of view.keys?.(input) ?? ['']) {
              const before = { ...(view.initial(key) ?? caseAfter()), later: { kept: true } }
              const after = view.apply(before, input, key)
              expect(after).toMatchObject({ later: { kept: true } })
            }
          }
      }),
      { numRuns: RUNS },
    )
  })

  test('cases fold it, keep their history and stay under 100 KB', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        let before = 0
        for (let end = 1; end <= events.length; end++) {
          const { states } = foldEvents(cases, events.slice(0, end))
          let entries = 0
          for (const state of states.values()) {
            entries += (state?.history.length ?? 0) + (state?.historyOmitted ?? 0)
            expect(JSON.parse(JSON.stringify(state))).toEqual(state)
            expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(100 * 1024)
          }
          expect(entries).toBeGreaterThanOrEqual(before)
          before = entries
        }
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    )
  })

  test('a history of a thousand long moves stays under 100 KB, begins where it began and counts what it left out', () => {
    const long = { note: '⚓'.repeat(500), assignee: '⚓'.repeat(64) }
    const state = caseAfter(
      ...Array.from({ length: 1000 }, () => makeMove('d1', 'assign', '⚓'.repeat(64), long)),
    )
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(100 * 1024)
    expect(state.history.length + state.historyOmitted).toBe(1000)
    expect(state.history[0]?.from).toBe('new')
  })
})

test('a case shows what nothing computes with as it was sent', () => {
  const exactData = parseExactJson('{"title":"Dent","order":820982911946154508,"metadata":{"load":1e400}}')
  const event = { ...damaged, data: approximate(exactData) }
  const input = { topic: 'container-events', partition: 0, offset: 0, event }

  const opened = cases.apply(null, { ...input, exactData }, 'd1')

  expect(opened?.title).toBe('Dent')
  const { details, metadata } = opened ?? {}
  expect(JSON.stringify([details, metadata])).toBe('[{"order":820982911946154508},{"load":1e400}]')
  expect(cases.apply(null, input, 'd1')).toMatchObject({ details: { order: 820982911946154500 } })
})
