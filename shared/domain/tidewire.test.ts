import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DomainEvent } from './define-domain.ts'
import { type PresentedStats, STATS_LIMITS, type Stats, statsView } from './tidewire.ts'

const NOW = Date.parse('2026-11-21T08:00:30.500Z')
const NONE = statsView.initial('')
const event = (given: Partial<DomainEvent> = {}): DomainEvent => ({
  id: 'e',
  source: '/t',
  type: 't',
  category: 'a.b',
  severity: 'info',
  time: '2026-11-21T08:00:30Z',
  ...given,
})
const apply = (stats: Stats, one: DomainEvent) =>
  statsView.apply(stats, { topic: 't', partition: 0, offset: 0, event: one }, '')
const fold = (events: readonly DomainEvent[]) => events.reduce(apply, NONE)
const present = (stats: Stats, now = NOW) => statsView.present?.(stats, now, '') as PresentedStats

describe('the statistics', () => {
  test('count in all, today, by category and by severity', () => {
    const stats = fold([
      event(),
      event({ category: 'a.c', severity: 'critical' }),
      event({ time: '2026-11-20T23:59:59Z' }),
      event({ time: '2026-11-21T01:00:00+02:00' }),
    ])
    expect(present(stats)).toMatchObject({
      total: 4,
      today: 2,
      days: [
        { day: '2026-11-20', count: 2 },
        { day: '2026-11-21', count: 2 },
      ],
      categories: [
        { name: 'a.b', count: 3, percent: 75 },
        { name: 'a.c', count: 1, percent: 25 },
      ],
      severities: [
        { name: 'info', count: 3, percent: 75 },
        { name: 'critical', count: 1, percent: 25 },
      ],
    })
  })

  test('have the average of events per second of the last ten whole seconds', () => {
    const at = (second: number) => event({ time: new Date(NOW - second * 1000).toISOString() })
    const stats = fold([at(-5), at(0), at(1), at(1), at(10), at(11), at(60), at(61)])
    const { eventsPerSecond, seconds } = present(stats)
    expect(eventsPerSecond).toBe(0.3)
    expect(seconds).toHaveLength(60)
    expect([seconds.at(-1), seconds.at(-10), seconds.at(-11), seconds.at(0)]).toEqual([2, 1, 1, 1])
  })

  test('do not count what Tidewire reports of itself, and accept events without a time', () => {
    const own = event({ category: 'tidewire.stats' })
    expect(apply(NONE, own)).toBe(NONE)
    const { time: _, ...timeless } = event({ category: '__proto__' })
    expect(present(fold([timeless]))).toMatchObject({
      total: 1,
      today: 0,
      categories: [{ name: '__proto__' }],
    })
  })

  test('never name a user: private categories count under their pattern, also those counted before', () => {
    const [ada, bob] = ['market.user.ada~40example~2Eorg', 'market.user.bob']
    const stats = fold([event({ category: ada }), event({ category: bob }), event({ category: 'port.ship' })])
    const before: Stats = {
      ...NONE,
      total: 4,
      categories: [
        [ada, 1],
        [bob, 2],
        ['market.order.ACME', 1],
      ],
    }

    expect(JSON.stringify(stats)).not.toMatch(/ada|bob/)
    expect(present(stats).categories).toMatchObject([
      { name: 'market.user.*', count: 2 },
      { name: 'port.ship', count: 1 },
    ])
    expect(present(before).categories).toEqual([
      { name: 'market.user.*', count: 3, percent: 75 },
      { name: 'market.order.**', count: 1, percent: 25 },
    ])
  })

  test('of one partition count today on every day, from the 32nd on too', () => {
    const DAYS = 70
    const noons = Array.from({ length: DAYS }, (_, index) => Date.UTC(2026, 8, 1 + index, 12))
    const timesOf = (noon: number) => [noon, noon + 1000].map((at) => new Date(at).toISOString())

    let stats = NONE
    const todays = noons.map((noon) => {
      stats = timesOf(noon).reduce((before, time) => apply(before, event({ time })), stats)
      return present(stats, noon + 2000).today
    })

    expect(todays).toEqual(Array.from({ length: DAYS }, () => 2))
    expect(stats.days.map(([day]) => day)).toEqual(
      noons.slice(-STATS_LIMITS.days).map((noon) => new Date(noon).toISOString().slice(0, 10)),
    )
  })

  test('forget the days of wrong clocks before those of right ones', () => {
    const wrong = Array.from({ length: 100 }, (_, index) => [
      event({ time: new Date(Date.UTC(2500, 0, index)).toISOString() }),
      event(),
    ])
    const stats = fold(wrong.flat())
    expect(stats.days).toHaveLength(STATS_LIMITS.days)
    expect(present(stats).today).toBe(100)
  })

  test('keep the categories with most events when there are too many, and count the others', () => {
    const many = Array.from({ length: 450 }, (_, index) => event({ category: `c.${index}` }))
    const busy = many.slice(0, 20)
    const stats = fold([...busy, ...many, ...busy])
    const { categories, total } = present(stats)
    expect(categories.slice(0, 20).map(({ name }) => name)).toEqual(busy.map(({ category }) => category))
    expect(categories.slice(0, 20).every(({ count }) => count === 3)).toBe(true)
    expect(categories.reduce((sum, { count }) => sum + count, 0)).toBe(total)
    expect(categories.at(-1)?.name).toBe('other')
  })

  test('stay below 100 KB with the longest names', () => {
    const many = Array.from({ length: 300 }, (_, index) => event({ category: `${index}`.padEnd(519, 'x') }))
    let largest = 0
    many.reduce((stats, one) => {
      const next = apply(stats, one)
      largest = Math.max(largest, JSON.stringify(next).length)
      return next
    }, NONE)
    expect(largest).toBeLessThan(60_000)
  })

  test('of partitions add up to those of all events', () => {
    const events = fc.array(
      fc.record({
        category: fc.constantFrom('a.b', 'a.c', 'b'),
        severity: fc.constantFrom('info', 'high'),
        time: fc.constantFrom('2026-11-21T08:00:29Z', '2026-11-21T08:00:28Z', '2026-11-01T00:00:00Z'),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(events, fc.nat(39), (all, cut) => {
        const [left, right] = [all.slice(0, cut), all.slice(cut)].map((own) => fold(own.map(event)))
        const merged = statsView.merge?.(left as Stats, right as Stats) as Stats
        const sorted = ({ categories, severities, ...rest }: PresentedStats) => ({
          ...rest,
          categories: new Set(categories),
          severities: new Set(severities),
        })
        expect(sorted(present(merged))).toEqual(sorted(present(fold(all.map(event)))))
      }),
    )
  })
})
