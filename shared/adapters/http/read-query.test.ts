import { expect, test } from 'vitest'
import { FILTER_FIELDS } from '#shared/core/interest.ts'
import type { Refusal } from '#shared/core/refusal.ts'
import { readQuery, readWait } from './read-query.ts'

const faultsOf = (query: Record<string, string>) => {
  try {
    readQuery(query)
    return []
  } catch (error) {
    return (error as Refusal).faults.map(({ pointer }) => pointer)
  }
}

test('lists are separated by commas, and an empty list has no effect', () => {
  const { query, limit } = readQuery({
    channel: 'port.*,market.tick',
    severity: 'high,low',
    type: '',
    limit: '7',
  })

  expect(query).toEqual({ channels: ['port.*', 'market.tick'], filter: { severity: ['high', 'low'] } })
  expect(limit).toBe(7)
  expect(readQuery({})).toEqual({ query: { channels: ['**'], filter: {} }, limit: 50 })
})

test.each(FILTER_FIELDS)('the filter %s is read as it is named', (field) => {
  expect(readQuery({ [field]: 'high' }).query.filter).toEqual({ [field]: ['high'] })
})

test('filters for the state of events are read together with filters for events', () => {
  const { query } = readQuery({ status: 'new,in-progress', assignee: 'anna', q: 'Dent' })

  expect(query).toMatchObject({
    state: { status: ['new', 'in-progress'], assignee: ['anna'] },
    text: 'Dent',
  })
  expect(faultsOf({ q: 'x'.repeat(201) })).toEqual(['/q'])
})

test.each(['', '0', '501', '1e2', '0x10', ' 5', '5.0', '-1', 'ten'])('the limit %j is refused', (limit) => {
  expect(faultsOf({ limit })).toEqual(['/limit'])
})

test('an unknown severity is refused', () => {
  expect(faultsOf({ severity: 'high,loud' })).toEqual(['/severity'])
})

test('every error is reported at once', () => {
  expect(faultsOf({ channel: 'a..b', type: '**.a', from: 'noon', to: '2026-02-30T00:00:00Z' })).toEqual([
    '/channel',
    '/type',
    '/from',
    '/to',
  ])
})

test('a leap second is a valid time', () => {
  const { query } = readQuery({ from: '2016-12-31T23:59:60Z' })

  expect(query.from).toBe(Date.parse('2016-12-31T23:59:59Z'))
})

test('a wait is a whole number of seconds up to 20, and 0 if it is left out', () => {
  expect(['0', '7', '20', undefined].map(readWait)).toEqual([0, 7, 20, 0])
  for (const wait of ['', '21', '-1', '1.5', '1e1', 'soon', '0x5', '020 '])
    expect(() => readWait(wait)).toThrow(
      expect.objectContaining({ code: 'malformed', faults: [expect.objectContaining({ pointer: '/wait' })] }),
    )
})
