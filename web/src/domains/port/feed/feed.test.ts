import { expect, test } from 'vitest'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { createFeed } from './feed.ts'
import { matcherOf, NO_FILTERS } from './feed-filters.ts'
import { createRow, findCritical } from './feed-row.ts'

const event = (offset: number, change: Partial<ReceivedEvent['event']>): ReceivedEvent => ({
  topic: 'port-events',
  partition: 0,
  offset,
  event: {
    specversion: '1.0',
    id: `e${offset}`,
    source: '/t',
    type: 'port.notice',
    category: 'port.port',
    ...change,
  },
})
/** Pairs of an event and its acknowledgement. */
const acknowledged = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => [
    event(2 * (from + n), {}),
    event(2 * (from + n) + 1, {
      type: 'port.lifecycle.acknowledged',
      category: 'port.port.lifecycle',
      subject: `e${2 * (from + n)}`,
      data: { move: 'acknowledge', by: 'anna', at: '2026-03-01T00:00:00Z' },
    }),
  ]).flat()

test('knows the cases of rows that are there or held, and of no others', () => {
  const feed = createFeed({ capacity: 8, reader: 'me' })
  feed.take(acknowledged(0, 8))
  feed.hold(0)
  feed.take(acknowledged(8, 20))
  expect(feed.sizes().cases).toBe(feed.sizes().live + 8)

  feed.release()

  expect(feed.sizes().cases).toBe(feed.sizes().live)
})

test('looks again only at the rows whose case has changed, and at each once', () => {
  let looks = 0
  const countingMatcher: typeof matcherOf = (...options) => {
    const { passesEvent, passesCase } = matcherOf(...options)
    return {
      passesEvent,
      passesCase: (state) => {
        looks++
        return passesCase(state)
      },
    }
  }
  const feed = createFeed({ capacity: 1000, reader: 'me', makeMatcher: countingMatcher })
  const events = acknowledged(0, 500)
  feed.take(events.filter((_, n) => n % 2 === 0))
  feed.setFilters({ ...NO_FILTERS, statuses: ['new'] }, 0)
  looks = 0

  feed.take(events.filter((_, n) => n % 2 === 1).slice(0, 20))

  expect(looks).toBe(20)
  expect(feed.snapshot().count).toBe(480)
})

test('trims by quarters of its capacity, however many events come at once', () => {
  const feed = createFeed({ capacity: 100, reader: 'me' })
  const notices = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => event(from + n, {}))
  feed.take(notices(0, 124))
  expect(feed.sizes().live).toBe(124)

  feed.take(notices(124, 40))

  expect(feed.sizes()).toMatchObject({ live: 114, known: 114 })
})

const idsOf = (feed: ReturnType<typeof createFeed>) => {
  const { count, rowAt } = feed.snapshot()
  return Array.from({ length: count }, (_, index) => rowAt(index)?.positioned.event.id)
}
const notices = (from: number, count: number) => Array.from({ length: count }, (_, n) => event(from + n, {}))

test('removes the history when live rows have to go, rather than to show it below a hole', () => {
  const feed = createFeed({ capacity: 4, reader: 'me' })
  feed.addPage(notices(0, 2).toReversed())
  feed.take(notices(2, 4))
  expect([idsOf(feed), feed.snapshot().isCut]).toEqual([['e5', 'e4', 'e3', 'e2', 'e1', 'e0'], false])

  feed.take(notices(6, 1))
  feed.addPage(notices(0, 1)) // of a request that was under way

  expect([idsOf(feed), feed.snapshot().isCut]).toEqual([['e6', 'e5', 'e4', 'e3'], true])
  expect(feed.sizes()).toEqual({ live: 4, older: 0, known: 4, cases: 0 })
  feed.clear()
  expect(feed.snapshot().isCut).toBe(false)
})

test('keeps the history below rows that are held, until they flow again or are filtered', () => {
  for (const end of ['release', 'filter'] as const) {
    const feed = createFeed({ capacity: 4, reader: 'me' })
    feed.addPage(notices(1, 1))
    feed.take(notices(2, 4))
    feed.hold(0)
    feed.take(notices(6, 40))
    feed.addPage(notices(0, 1))
    expect([idsOf(feed), feed.snapshot().isCut]).toEqual([['e5', 'e4', 'e3', 'e2', 'e1', 'e0'], false])

    if (end === 'release') feed.release()
    else feed.setFilters({ ...NO_FILTERS, text: 'notice' }, 0)

    expect(feed.sizes().older).toBe(0)
    expect(feed.snapshot().isCut).toBe(true)
  }
})

test('shows an event that is ahead of the log without a case, and not as new, unread or of today', () => {
  const feed = createFeed({ capacity: 10, reader: 'me' })
  feed.take([
    event(0, { time: '2026-03-01T00:00:00Z' }),
    { ...event(1, { time: '2099-01-01T00:00:00Z' }), ahead: true },
  ])
  const shown = (filters: Partial<typeof NO_FILTERS>) => {
    feed.setFilters({ ...NO_FILTERS, ...filters }, Date.parse('2026-03-01T12:00:00Z'))
    return idsOf(feed)
  }
  expect(shown({})).toEqual(['e1', 'e0'])
  expect(shown({ statuses: ['new'] })).toEqual(['e0'])
  expect(shown({ isUnread: true })).toEqual(['e0'])
  expect(shown({ isToday: true })).toEqual(['e0'])
  const { rowAt, caseOf } = feed.snapshot()
  const cases = [0, 1].map((index) => rowAt(index)).map((row) => row && caseOf(row)?.id)
  expect(cases).toEqual(['e0', undefined])
})

test('a critical event that is ahead of the log is not the one to notify of', () => {
  const critical = [0, 1].map((offset) => event(offset, { severity: 'critical' }))
  const [first, last] = critical.map((positioned, index) =>
    createRow(index === 1 ? { ...positioned, ahead: true } : positioned, index),
  )
  const calm = createRow(event(2, { severity: 'high' }), 2)

  expect(findCritical([first, last, calm].filter((row) => row !== undefined))?.name).toBe('e0@%2Ft')
  expect(findCritical([calm])).toBeUndefined()
})

test('shows the events of another day as today’s once it has begun', () => {
  const day = 86_400_000
  const feed = createFeed({ capacity: 10, reader: 'me' })
  const today = { ...NO_FILTERS, isToday: true }
  feed.take([0, 1].map((n) => event(n, { time: new Date(20_000 * day + n * day).toISOString() })))
  feed.setFilters(today, 20_000 * day + 5000)
  expect(idsOf(feed)).toEqual(['e1', 'e0'])
  feed.setFilters(today, 20_001 * day)
  expect(idsOf(feed)).toEqual(['e1'])
})

test('keeps no more of 200,000 events than its bounds, however many are moved, opened or unknown', () => {
  const feed = createFeed({ capacity: 1000, reader: 'me' })
  for (let from = 0; from < 100_000; from += 1000) {
    feed.take(acknowledged(from, 1000))
    const unknown = event(0, {
      type: 'port.lifecycle.read',
      subject: from % 2000 === 0 ? 'elsewhere' : `elsewhere ${from}`,
      data: { move: 'read', by: 'anna', at: '2026-03-01T00:00:00Z' },
    })
    feed.take(Array.from({ length: 200 }, () => unknown))
    const old = event(0, { id: `opened ${from}` })
    const state = feed.snapshot().rowAt(0)
    const opened = state && feed.snapshot().caseOf(state)
    if (opened)
      for (let n = 0; n < 20; n++) feed.adopt({ ...old, event: { ...old.event, id: `${from} ${n}` } }, opened)
    const { known, cases } = feed.sizes()
    expect(known).toBeLessThanOrEqual(1250 + 100)
    expect(cases).toBeLessThanOrEqual(1250 + 100 + 2000)
  }
})

test('an erasure makes no row', () => {
  const feed = createFeed({ capacity: 8, reader: 'me' })

  expect(feed.take([event(1, { type: 'tidewire.erased', data: { id: 'e0', keys: ['e0'] } })])).toEqual([])
  expect(feed.snapshot().count).toBe(0)
})

test('keeps events of one id from two sources apart, and their moves', () => {
  const feed = createFeed({ capacity: 100, reader: 'me' })
  const twin = (offset: number, source: string) => event(offset, { id: 'twin', source })
  const acknowledge = (offset: number, subjectsource: string) =>
    event(offset, {
      type: 'port.lifecycle.acknowledged',
      category: 'port.port.lifecycle',
      subject: 'twin',
      subjectsource,
      data: { move: 'acknowledge', by: 'anna', at: '2026-03-01T00:00:00Z' },
    })
  const statusOf = (source: string) => {
    const row = feed.find(nameEvent({ id: 'twin', source }))
    return row && feed.snapshot().caseOf(row)?.status
  }
  feed.take([acknowledge(3, '/vic'), twin(1, '/eve')])
  expect([statusOf('/eve'), statusOf('/vic')]).toEqual(['new', undefined])

  feed.addPage([twin(0, '/vic')])
  expect([statusOf('/eve'), statusOf('/vic')]).toEqual(['new', 'acknowledged'])

  feed.take([acknowledge(4, '/eve')])
  expect(statusOf('/eve')).toBe('acknowledged')
  expect(idsOf(feed)).toEqual(['twin', 'twin'])
})
