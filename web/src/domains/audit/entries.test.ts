import { expect, test } from 'vitest'
import type { PositionedEvent } from '#shared/core/event.ts'
import { addressOf, type Entry, isShown, joinEntries, MOST_ENTRIES, readEntry, sayAction } from './entries.ts'

const entry = (offset: number, more: Partial<Entry> = {}): Entry => ({
  id: `tidewire-audit/0@${offset}`,
  time: new Date(offset * 1000).toISOString(),
  action: 'refused',
  outcome: 'refused',
  ...more,
})

test('an event becomes an entry with its position, its time and the id of its trace', () => {
  const trace = 'a'.repeat(32)
  const positioned: PositionedEvent = {
    topic: 'tidewire-audit',
    partition: 1,
    offset: 7,
    event: {
      specversion: '1.0',
      id: 'a1',
      source: 'urn:tidewire:audit',
      type: 'tidewire.audit.refused',
      time: '2026-03-01T08:00:00Z',
      traceparent: `00-${trace}-${'b'.repeat(16)}-01`,
      data: { action: 'refused', outcome: 'refused', target: 'GET /keys' },
    },
  }

  expect(readEntry(positioned)).toEqual({
    id: 'tidewire-audit/1@7',
    time: '2026-03-01T08:00:00Z',
    action: 'refused',
    outcome: 'refused',
    target: 'GET /keys',
    trace,
  })
})

test('entries are joined newest first, each once, and the oldest are dropped above a limit', () => {
  const joined = joinEntries([entry(3), entry(1)], [entry(2), entry(3), entry(4)])
  expect(joined.map(({ id }) => id.split('@')[1])).toEqual(['4', '3', '2', '1'])
  expect(joinEntries(joined, [entry(2)])).toBe(joined)

  const many = joinEntries(
    [],
    Array.from({ length: MOST_ENTRIES + 5 }, (_, n) => entry(n)),
  )
  expect(many).toHaveLength(MOST_ENTRIES)
  expect(many.at(-1)?.id).toBe('tidewire-audit/0@5')
})

test('a filter is the same for live entries as for the server', () => {
  const own = entry(1, { principal: { kind: 'user', name: 'ada', role: 'viewer' } })
  const none = { principal: '', action: '', outcome: '' }

  expect(isShown(none, own)).toBe(true)
  expect(isShown({ ...none, principal: 'ada', action: 'refused', outcome: 'refused' }, own)).toBe(true)
  for (const other of [{ principal: 'bob' }, { action: 'event.deleted' }, { outcome: 'done' }])
    expect(isShown({ ...none, ...other }, own)).toBe(false)
  expect(isShown({ ...none, principal: '203.0.113.7' }, entry(2, { address: '203.0.113.7' }))).toBe(true)
  expect(addressOf({ ...none, principal: 'a b' }, null)).toBe('/audit?principal=a+b&limit=100')
})

test('an action is said in words', () => {
  expect(sayAction('dead-letters.read')).toBe('Dead letters read')
})
