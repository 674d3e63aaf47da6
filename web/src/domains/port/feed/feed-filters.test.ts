import { expect, test } from 'vitest'
import {
  type FeedFilters,
  type FilteredCase,
  type FilteredEvent,
  fromSearch,
  matcherOf,
  NO_FILTERS,
  toExportQuery,
  toSearch,
  UNTOUCHED,
} from './feed-filters.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
type Filtered = FilteredEvent & FilteredCase
const row = (change: Partial<Filtered> = {}): Filtered => ({
  severity: 'info',
  category: 'port.ship',
  time: NOON,
  text: 'mv aurora made fast',
  ...UNTOUCHED,
  ...change,
})
const passes = (filters: Partial<FeedFilters>, change: Partial<Filtered> = {}) => {
  const { passesEvent, passesCase } = matcherOf({ ...NO_FILTERS, ...filters }, 'me', NOON)
  return passesEvent(row(change)) && passesCase(row(change))
}

test('filters survive the way through the address', () => {
  const filters: FeedFilters = {
    severities: ['critical', 'high'],
    categories: ['port.ship'],
    statuses: ['in-progress'],
    assignee: 'anna',
    text: 'a,b & c',
    isToday: true,
    isUnread: true,
  }
  expect(fromSearch(toSearch(filters))).toEqual(filters)
  expect(fromSearch({})).toEqual(NO_FILTERS)
})

test('an address with names that nobody knows shows everything rather than nothing', () => {
  expect(fromSearch({ severity: 'huge', status: 'lost,new', category: 'sea' })).toMatchObject({
    severities: [],
    statuses: ['new'],
    categories: [],
  })
})

test.each([
  [{ severities: ['critical'] }, { severity: 'critical' }, {}],
  [
    { categories: ['port.container'] },
    { category: 'port.container.reefer' },
    { category: 'port.containers' },
  ],
  [{ statuses: ['resolved'] }, { status: 'resolved' }, {}],
  [{ assignee: 'anna' }, { assignee: 'anna' }, { assignee: 'ann' }],
  [{ isUnread: true }, { readBy: ['anna'] }, { readBy: ['anna', 'me'] }],
  [{}, {}, { isDeleted: true }],
  [{ isToday: true }, { time: NOON - 43_200_000 }, { time: NOON - 43_200_001 }],
  [{ text: ' AURORA ' }, {}, { text: 'mv boreas' }],
] as const)('%j lets %j through and not %j', (filters, yes, no) => {
  expect(passes(filters, yes)).toBe(true)
  expect(passes(filters, no)).toBe(false)
})

test('the export asks for the same', () => {
  const filters = fromSearch({ severity: 'critical', category: 'port.ship,port.berth', q: 'x', today: '1' })
  expect(decodeURIComponent(toExportQuery(filters, NOON))).toBe(
    'channel=port.ship.**,port.berth.**&severity=critical&q=x&from=2026-03-01T00:00:00.000Z',
  )
})
