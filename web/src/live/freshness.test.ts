import { expect, test } from 'vitest'
import { freshnessOf, type Heard } from './freshness.tsx'

const heard = (change: Partial<Heard>): Heard => ({
  state: 'live',
  age: 1000,
  unansweredFor: null,
  isUnreachable: false,
  isOnline: true,
  isSettled: true,
  ...change,
})

test.each([
  [{}, 'live'],
  [{ age: 350_000 }, 'live'],
  [{ age: 401_000 }, 'stale'],
  [{ unansweredFor: 3000 }, 'live'],
  [{ unansweredFor: 3001 }, 'stale'],
  [{ state: 'connecting', isSettled: false }, 'connecting'],
  [{ state: 'connecting', age: 4000 }, 'reconnecting'],
  [{ state: 'recovering' }, 'recovering'],
  [{ state: 'polling', age: 20_000 }, 'polling'],
  [{ state: 'polling', age: 61_000 }, 'offline'],
  [{ state: 'polling', age: null }, 'offline'],
  [{ state: 'polling', isUnreachable: true }, 'offline'],
  [{ isUnreachable: true }, 'live'],
  [{ isOnline: false }, 'offline'],
  [{ state: 'closed', isOnline: false }, 'closed'],
] as const)('%j is %s', (change, phase) => expect(freshnessOf(heard(change)).phase).toBe(phase))

test('what may be out of date refuses decisions, with the reason', () => {
  const refusals = (['live', 'polling', 'connecting', 'recovering', 'closed'] as const).map((state) => [
    state,
    freshnessOf(heard({ state })).refusal,
  ])
  expect(Object.fromEntries(refusals)).toEqual({
    live: null,
    polling: null,
    connecting: 'Reconnecting: what you see may be out of date.',
    recovering: 'Catching up: what you see may be out of date.',
    closed: 'Closed: what you see may be out of date.',
  })
})
