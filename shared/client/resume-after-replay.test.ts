import { expect, test } from 'vitest'
import { eventAt } from '#shared/testing/client/scripted-server.ts'
import { receive, receivePage } from './receive.ts'
import { ask, createSubscriptionState, drop, resumeFrom } from './subscription-state.ts'

const FROM = 't@e1:0=5'

function subscribed() {
  const got: number[] = []
  const gaps: string[] = []
  const state = createSubscriptionState(
    { id: 's1', channels: ['**'], since: FROM },
    {
      event: ({ offset }) => got.push(offset),
      gap: ({ reason }) => gaps.push(reason),
      error: () => {},
    },
  )
  const replay = (offset: number) =>
    receive(state, 'c1', {
      type: 'events',
      ids: ['s1'],
      replay: true,
      attempt: state.attempt,
      events: [eventAt(offset)],
    })
  return { state, got, gaps, replay }
}

test('a replay that was cut off is asked for again, since its verdict was never heard', () => {
  const { state, got, gaps, replay } = subscribed()
  ask(state, 'c1')
  replay(8) // 6 and 7 have expired, which only `subscribed` would have told
  drop(state, 'c1')

  const again = ask(state, 'c1')
  replay(8)
  replay(9)
  receive(state, 'c1', {
    type: 'subscribed',
    id: 's1',
    attempt: again.attempt ?? 0,
    cursor: 't@e1:0=9',
    recovered: false,
    reason: 'trimmed',
  })

  expect(again.since).toBe(FROM)
  expect(gaps).toEqual(['trimmed'])
  expect(got).toEqual([8, 9])
  expect(resumeFrom(state)).toBe('t@e1:0=9')
})

test('a page from where the replay began tells the verdict as well', () => {
  const { state, got, gaps, replay } = subscribed()
  ask(state, 'c1')
  replay(8)
  drop(state, 'c1')

  receivePage(state, { events: [eventAt(8)], cursor: 't@e1:0=8', recovered: false }, resumeFrom(state))

  expect(gaps).toEqual(['trimmed'])
  expect(got).toEqual([8])
  expect(resumeFrom(state)).toBe('t@e1:0=8')
})

test('live events go on moving the position once the answer has come', () => {
  const { state, replay } = subscribed()
  const { attempt = 0 } = ask(state, 'c1')
  replay(6)
  receive(state, 'c1', { type: 'subscribed', id: 's1', attempt, cursor: 't@e1:0=6', recovered: true })

  receive(state, 'c1', { type: 'events', ids: ['s1'], events: [eventAt(7)] })

  expect(resumeFrom(state)).toBe('t@e1:0=7')
})
