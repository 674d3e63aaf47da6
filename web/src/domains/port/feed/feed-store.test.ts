import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { NO_FILTERS } from './feed-filters.ts'
import type { FeedRow } from './feed-row.ts'
import { createFeedStore } from './feed-store.ts'

let offsets = 0
const at = (id: string, change: Partial<ReceivedEvent['event']> = {}): ReceivedEvent => ({
  topic: 'port-events',
  partition: 0,
  offset: ++offsets,
  event: {
    specversion: '1.0',
    id,
    source: '/t',
    type: 'port.ship.arrived',
    category: 'port.ship',
    severity: 'info',
    ...change,
  },
})
const move = (id: string, name: string, data: object = {}): ReceivedEvent =>
  at(`${id}-${name}-${offsets}`, {
    type: `port.lifecycle.${name}`,
    category: 'port.ship.lifecycle',
    subject: id,
    data: { by: 'anna', at: '2026-03-01T00:00:00Z', ...data },
  })

function createStore(capacity = 100, onFlush: (rows: readonly FeedRow[]) => void = () => {}) {
  const flushes: (() => void)[] = []
  const store = createFeedStore({
    capacity,
    reader: 'me',
    now: () => 0,
    onFlush,
    schedule: (run) => flushes.push(run),
  })
  const frame = () => {
    for (const run of flushes.splice(0)) run()
  }
  const push = (...events: ReceivedEvent[]) => {
    for (const event of events) store.push(event)
    frame()
  }
  const ids = () => {
    const { count, rowAt } = store.snapshot()
    return Array.from({ length: count }, (_, index) => rowAt(index)?.positioned.event.id)
  }
  const statusOf = (id: string) => {
    const row = store.find(id)
    return row && store.snapshot().caseOf(row)?.status
  }
  return { store, frame, push, ids, statusOf, flushes }
}

const nameOf = (id: string) => nameEvent({ id, source: '/t' })

/** How many events the history has. */
const PAGE = 5

describe('the feed', () => {
  test('reports each flush of something that came, so that nothing waits for the next event to be measured', () => {
    const onFlush = vi.fn()
    const { store, push, frame } = createStore(100, onFlush)
    push(at('a'))
    push(move('a', 'read'))
    store.assume(nameOf('a'), { status: 'acknowledged' })
    frame()
    expect(
      onFlush.mock.calls.map(([rows]) => rows.map(({ positioned }: FeedRow) => positioned.event.id)),
    ).toEqual([['a'], []])
  })

  test('makes one snapshot per frame, whatever comes in between, newest first', () => {
    const { store, frame, ids, flushes } = createStore()
    const listener = vi.fn()
    store.subscribe(listener)
    for (const id of ['a', 'b', 'c']) store.push(at(id))
    expect(flushes).toHaveLength(1)
    frame()
    expect(listener).toHaveBeenCalledOnce()
    expect(ids()).toEqual(['c', 'b', 'a'])
  })

  test('shows moves as the status of their event, never as rows', () => {
    const { push, ids, statusOf } = createStore()
    push(at('a'), at('b'), move('a', 'acknowledged'))
    expect(ids()).toEqual(['b', 'a'])
    expect([statusOf('a'), statusOf('b')]).toEqual(['acknowledged', 'new'])
  })

  test('takes a deleted event away, and one that no longer passes a filter of statuses', () => {
    const { store, push, ids } = createStore()
    push(at('a'), at('b'), at('c'), move('b', 'deleted'))
    expect(ids()).toEqual(['c', 'a'])
    store.setFilters({ ...NO_FILTERS, statuses: ['new'] })
    push(move('a', 'acknowledged'))
    expect(ids()).toEqual(['c'])
  })

  test('puts the history below what came live, each event once, with the moves that came before it was read', () => {
    const { store, push, ids, statusOf, frame } = createStore()
    const [old, acknowledged, both] = [at('old'), move('old', 'acknowledged'), at('both')]
    const started = move('old', 'started')
    push(both, started, at('new'))
    store.addOlder([started, both, acknowledged, old])
    frame()
    expect(ids()).toEqual(['new', 'both', 'old'])
    expect(statusOf('old')).toBe('in-progress')
    const row = store.find('old')
    expect(row && store.snapshot().caseOf(row)?.history).toHaveLength(2)
  })

  test('does not show live what the history had already', () => {
    const { store, push, ids, frame } = createStore()
    const event = at('a')
    store.addOlder([event])
    frame()
    push(event)
    expect(ids()).toEqual(['a'])
  })

  test('holds rows still, counts exactly what is new, and shows it on release', () => {
    const { store, push, ids, statusOf } = createStore()
    push(at('a'), at('b'))
    store.hold()
    push(at('c'), move('a', 'acknowledged'), move('b', 'deleted'), at('d'))
    expect(ids()).toEqual(['b', 'a'])
    expect(statusOf('a')).toBe('acknowledged')
    expect(store.snapshot()).toMatchObject({ isHeld: true, fresh: 2 })
    store.release()
    expect(ids()).toEqual(['d', 'c', 'a'])
    expect(store.snapshot()).toMatchObject({ isHeld: false, fresh: 0 })
  })

  test('counts only what passes the filter as new, and filters held rows too', () => {
    const { store, push, ids } = createStore()
    push(at('a', { severity: 'critical' }), at('b'))
    store.hold()
    store.setFilters({ ...NO_FILTERS, severities: ['critical'] })
    push(at('c', { severity: 'critical' }), at('d'))
    expect(ids()).toEqual(['a'])
    expect(store.snapshot().fresh).toBe(1)
  })

  test('keeps a bounded number of rows, and counts as new even what had to go meanwhile', () => {
    const { store, push, ids } = createStore(10)
    push(at('first'))
    store.hold()
    for (let n = 0; n < 200; n++) push(at(`n${n}`))
    expect(ids()).toEqual(['first'])
    expect(store.snapshot().fresh).toBe(200)
    expect(store.snapshot().loaded).toBeLessThan(13)
    store.release()
    expect(ids()[0]).toBe('n199')
  })

  test('shows an assumption at once, and takes it back', () => {
    const { store, push, statusOf, frame } = createStore()
    push(at('a'))
    const takeBack = store.assume(nameOf('a'), { status: 'acknowledged' })
    frame()
    const row = store.find('a')
    expect(row && store.snapshot().caseOf(row)).toMatchObject({ status: 'acknowledged', isPending: true })
    takeBack()
    frame()
    expect(statusOf('a')).toBe('new')
  })

  test('the case of a row is the same object until something changes', () => {
    const { store, push } = createStore()
    push(at('a'))
    const row = store.find('a')
    if (!row) throw new Error('there is no row')
    const before = store.snapshot().caseOf(row)
    push(at('b'))
    expect(store.snapshot().caseOf(row)).toBe(before)
    const takeBack = store.assume(nameOf('a'), { status: 'acknowledged' })
    expect(store.snapshot().caseOf(row)).toBe(store.snapshot().caseOf(row))
    takeBack()
    push(move('a', 'acknowledged'))
    expect(store.snapshot().caseOf(row)).not.toBe(before)
  })

  test('what filters step by step show is what they would show at once', () => {
    const severity = fc.constantFrom('critical', 'high', 'info')
    const step = fc.oneof(
      fc.record({ kind: fc.constant('event' as const), severity }),
      fc.record({
        kind: fc.constant('move' as const),
        of: fc.oneof(fc.nat(20), fc.integer({ min: -PAGE, max: -1 })),
        name: fc.constantFrom('acknowledged', 'read', 'assigned', 'deleted'),
      }),
      fc.record({
        kind: fc.constant('filter' as const),
        severities: fc.uniqueArray(severity),
        isNew: fc.boolean(),
        isUnread: fc.boolean(),
        assignee: fc.constantFrom('', 'me'),
      }),
      fc.record({ kind: fc.constantFrom('hold' as const, 'release' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, push, ids, frame } = createStore()
        const { store: fresh, push: pushFresh, ids: expected } = createStore()
        const history = Array.from({ length: PAGE }, (_, n) => at(`e${-n - 1}`)).reverse()
        for (const one of [store, fresh]) one.addOlder(history)
        let filters = NO_FILTERS
        let count = 0
        for (const one of steps) {
          if (one.kind === 'event') {
            const event = at(`e${count++}`, { severity: one.severity })
            push(event)
            pushFresh(event)
          } else if (one.kind === 'move') {
            const made = move(`e${one.of}`, one.name, { by: 'me', assignee: 'me' })
            push(made)
            pushFresh(made)
          } else if (one.kind === 'filter') {
            const { severities, isUnread, assignee } = one
            filters = { ...NO_FILTERS, severities, isUnread, assignee, statuses: one.isNew ? ['new'] : [] }
            store.setFilters(filters)
          } else store[one.kind]()
        }
        store.release()
        frame()
        fresh.setFilters(filters)
        expect(ids()).toEqual(expected())
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 200) },
    )
  })
})
