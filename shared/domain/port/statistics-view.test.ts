import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '#shared/domain/define-domain.ts'
import { arbitraryEvents, RUNS } from '#shared/testing/port/arbitrary-events.ts'
import { foldEvents, makeEvent, makeMove } from '#shared/testing/port/fold-events.ts'
import { mergeStatistics, NO_STATISTICS, presentStatistics, statistics } from './statistics-view.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const fold = (events: readonly DomainEvent[]) =>
  foldEvents(statistics, events).states.get('') ?? NO_STATISTICS
const present = (...events: DomainEvent[]) => presentStatistics(fold(events), NOW)

const alarm = makeEvent('a1', 'port.container.temperature-alarm', { severity: 'critical' })
const arrival = makeEvent('a2', 'port.ship.arrived')
const yesterday = makeEvent('a3', 'port.container.arrived', { time: '2026-11-20T23:59:59Z' })

describe('the statistics', () => {
  test('count events: all, critical, of today, by category and severity with percentages, by day', () => {
    const presented = present(alarm, arrival, yesterday)

    expect(presented).toMatchObject({ total: 3, critical: 1, today: 2, open: 3, deleted: 0 })
    expect(presented.categories.slice(0, 2)).toEqual([
      { name: 'port.container', count: 2, percent: 66.7 },
      { name: 'port.ship', count: 1, percent: 33.3 },
    ])
    expect(presented.severities[0]).toEqual({ name: 'critical', count: 1, percent: 33.3 })
    expect(presented.days.slice(-2)).toEqual([
      { day: '2026-11-20', count: 1 },
      { day: '2026-11-21', count: 2 },
    ])
    expect(presented.days).toHaveLength(31)
  })

  test('of one partition count today on every day, from the 32nd on too', () => {
    const noons = Array.from({ length: 70 }, (_, index) => Date.UTC(2026, 8, 1 + index, 12))
    const arrivals = noons.map((noon, index) =>
      makeEvent(`d${index}`, 'port.ship.arrived', { time: new Date(noon).toISOString() }),
    )

    const presented = arrivals.map((_, index) =>
      presentStatistics(fold(arrivals.slice(0, index + 1)), noons[index] ?? 0),
    )

    for (const [index, { today }] of presented.entries()) expect([index, today]).toEqual([index, 1])
    expect(presented.at(-1)?.days.filter(({ count }) => count > 0)).toHaveLength(31)
  })

  test('follow each event through its life, and count a move that the log refused for nothing', () => {
    const presented = present(
      alarm,
      arrival,
      makeMove('a1', 'acknowledge', 'anna', { from: 'new' }),
      makeMove('a1', 'acknowledge', 'bob', { from: 'new' }),
      makeMove('a1', 'start', 'anna', { from: 'acknowledged' }),
    )
    expect(presented.total).toBe(2)
    expect(Object.fromEntries(presented.statuses.map(({ name, count }) => [name, count]))).toEqual({
      new: 1,
      acknowledged: 0,
      'in-progress': 1,
      resolved: 0,
      closed: 0,
    })
  })

  test('count what is unread for each user', () => {
    const presented = present(alarm, arrival, makeMove('a1', 'read', 'anna'), makeMove('a1', 'read', 'anna'))
    expect(presented.unread).toEqual({ recent: 2, users: [{ user: 'anna', unread: 1 }] })
  })

  test('subtract what is deleted', () => {
    const of = { category: 'port.container', severity: 'critical', time: alarm.time }
    const presented = present(alarm, arrival, makeMove('a1', 'delete', 'root', { of }))
    expect(presented).toMatchObject({ total: 1, critical: 0, today: 1, open: 1, deleted: 1 })
    expect(presented.unread.recent).toBe(1)
  })

  test('keep events of one id from two sources apart', () => {
    const shadow = makeEvent('a1', 'port.container.arrived', { source: '/eve' })
    const ofShadow = (...[move, data]: [Parameters<typeof makeMove>[1], object?]) => ({
      ...makeMove('a1', move, 'eve', data),
      subjectsource: '/eve',
    })
    const of = { category: 'port.container', severity: 'info', time: shadow.time }
    const presented = present(
      shadow,
      alarm,
      ofShadow('acknowledge', { from: 'new' }),
      ofShadow('read'),
      makeMove('a1', 'acknowledge', 'anna', { from: 'new' }),
      ofShadow('delete', { from: 'acknowledged', of }),
      makeMove('a1', 'start', 'anna', { from: 'acknowledged' }),
    )

    expect(presented).toMatchObject({ total: 1, critical: 1, open: 1, deleted: 1 })
    expect(presented.statuses.find(({ name }) => name === 'in-progress')?.count).toBe(1)
    expect(presented.unread).toEqual({ recent: 1, users: [{ user: 'eve', unread: 1 }] })
  })

  test('follow events that an earlier version knew by their ids, and moves that it wrote', () => {
    const former = { ...NO_STATISTICS, total: 1, statuses: { new: 1 }, recent: [{ id: 'a1', readBy: [] }] }
    const { subjectsource: _, ...old } = makeMove('a2', 'acknowledge', 'anna', { from: 'new' })
    const events = [arrival, old, makeMove('a1', 'read', 'anna'), makeMove('a2', 'start', 'anna')]
    const state = events.reduce(
      (before, event, offset) =>
        statistics.apply(before, { topic: 'port-events', partition: 0, offset, event }, ''),
      former as typeof NO_STATISTICS,
    )

    expect(state.statuses).toEqual({ new: 1, 'in-progress': 1 })
    expect(state.recent).toEqual([
      { id: 'a1', readBy: [0] },
      { id: 'a2@%2Ftests', readBy: [] },
    ])
  })

  test('know as many events as their names leave room for', () => {
    const long = (n: number) => makeEvent(`${n}-${'x'.repeat(480)}`, 'port.notice')
    const { recent } = fold(Array.from({ length: 400 }, (_, n) => long(n)))
    expect(recent.length).toBeGreaterThan(40)
    expect(JSON.stringify(recent).length).toBeLessThan(30_000)
    expect(fold([makeEvent('y'.repeat(1000), 'port.notice')])).toMatchObject({ total: 1, recent: [] })
  })

  test('know the status of an event that came long ago from the move itself', () => {
    const others = Array.from({ length: 400 }, (_, index) => makeEvent(`o${index}`, 'port.notice'))
    const presented = present(
      alarm,
      makeMove('a1', 'acknowledge', 'anna', { from: 'new' }),
      ...others,
      ...others.map(({ id }) => makeMove(id, 'acknowledge', 'anna', { from: 'new' })),
      makeMove('a1', 'start', 'anna', { from: 'acknowledged' }),
    )
    expect(presented.statuses.find(({ name }) => name === 'in-progress')?.count).toBe(1)
    expect(presented.statuses.find(({ name }) => name === 'acknowledged')?.count).toBe(400)
  })
})

/** What reading does not change: the order of lists that are only counted. */
const readable = (state: Parameters<typeof presentStatistics>[0]) => {
  const { unread, ...presented } = presentStatistics(state, NOW)
  return {
    ...presented,
    unread: { ...unread, users: unread.users.toSorted((a, b) => (a.user < b.user ? -1 : 1)) },
  }
}

describe('whatever comes', () => {
  test('statistics count it, never below nothing, and stay under 100 KB', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const state = fold(events)
        const presented = presentStatistics(state, NOW)
        expect(JSON.parse(JSON.stringify(state))).toEqual(state)
        expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(100 * 1024)
        expect(
          presented.statuses.reduce((sum, { count }) => sum + count, presented.deleted),
        ).toBeGreaterThanOrEqual(presented.total)
        expect(Math.min(...Object.values(state.days), ...Object.values(state.categories), 0)).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('it makes no difference how the partitions are grouped when they are joined', () => {
    fc.assert(
      fc.property(arbitraryEvents, arbitraryEvents, arbitraryEvents, (...parts) => {
        const [a, b, c] = parts.map(fold) as [
          typeof NO_STATISTICS,
          typeof NO_STATISTICS,
          typeof NO_STATISTICS,
        ]
        expect(mergeStatistics(mergeStatistics(a, b), c)).toEqual(mergeStatistics(a, mergeStatistics(b, c)))
      }),
      { numRuns: RUNS },
    )
  })

  test('several partitions joined come to what one partition comes to, if each event stays with its moves', () => {
    fc.assert(
      fc.property(arbitraryEvents, (all) => {
        // A deletion says itself what it takes back, which generated ones do not know.
        const events = all.filter(({ type, subject, category }, index) => {
          const isKnown = all.slice(0, index).some(({ id }) => id === subject)
          return !category?.endsWith('.lifecycle') || (isKnown && type !== 'port.lifecycle.deleted')
        })
        const partitionOf = ({ id, subject, category }: DomainEvent) =>
          (category?.endsWith('.lifecycle') ? (subject ?? '') : id).length % 3
        const parts = [0, 1, 2].map((part) => fold(events.filter((event) => partitionOf(event) === part)))
        const joined = parts.reduce(mergeStatistics)
        expect(readable(joined)).toEqual(readable(fold(events)))
      }),
      { numRuns: RUNS },
    )
  })
})
