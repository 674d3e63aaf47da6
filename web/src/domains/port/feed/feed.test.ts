import { expect, test } from 'vitest'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import { createFeed } from './feed.ts'
import { matcherOf, NO_FILTERS } from './feed-filters.ts'

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
