import { expect, it } from 'vitest'
import { lettersOf, type Replay, sayRequest } from './replay.ts'

const replay = (kind: Replay['kind'], request: Replay['request']): Replay => ({
  id: 'r1',
  kind,
  request,
  status: 'running',
  by: 'ada',
  created: 1,
  changed: 1,
  rate: 100,
  total: 3,
  done: 1,
  skipped: 0,
  failed: 0,
})
const positions = [{ topic: 'events', partition: 0, offset: 7 }]

it('says what a replay is about', () => {
  const letters = (filter: object, more = {}) => sayRequest(replay('dead-letters', { filter, ...more }))
  expect(letters({})).toBe('All that were open')
  expect(letters({ status: ['open'], code: ['forged', 'too_large'] })).toBe(
    'status open, code forged or too_large',
  )
  expect(letters({ positions }, { isMended: true })).toBe('A mended event: events/0/7')
  expect(
    sayRequest(
      replay('events', {
        channels: ['port.*'],
        from: '2026-01-01T00:00:00Z',
        target: { url: 'https://a.b' },
      }),
    ),
  ).toBe('port.* from 2026-01-01T00:00:00Z to then, to https://a.b')
  expect(sayRequest(replay('views', { topics: ['events', 'port-events'] }))).toBe(
    'Topics events or port-events',
  )
})

it('leads to the letters that it settled', () => {
  expect(lettersOf(replay('dead-letters', { filter: { status: ['open'], code: ['forged'] } }))).toEqual({
    status: 'replayed',
    code: 'forged',
  })
  expect(lettersOf(replay('discard', { filter: { positions } }))).toEqual({
    status: 'discarded',
    letter: 'events/0/7',
  })
  expect(lettersOf(replay('views', {}))).toBeNull()
})
