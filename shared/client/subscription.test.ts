import { describe, expect, test } from 'vitest'
import { eventAt } from '#shared/testing/client/scripted-server.ts'
import { createSubscription } from './subscription.ts'

const FROM = 't@e1:0=5'

function subscribed() {
  const got: number[] = []
  const gaps: string[] = []
  const subscription = createSubscription(
    { id: 's1', channels: ['**'], since: FROM },
    {
      event: ({ offset }) => got.push(offset),
      gap: ({ reason }) => gaps.push(reason),
      error: () => {},
    },
  )
  let attempt = 1
  const ask = () => {
    const message = subscription.ask('c1')
    attempt = message.attempt ?? 1
    return message
  }
  const replay = (offset: number) =>
    subscription.receive('c1', {
      type: 'events',
      ids: ['s1'],
      replay: true,
      attempt,
      events: [eventAt(offset)],
    })
  return { subscription, got, gaps, ask, replay }
}

test('an interrupted replay is requested again, because its result is unknown', () => {
  const { subscription, got, gaps, ask, replay } = subscribed()
  ask()
  replay(8) // 6 and 7 have expired, which only `subscribed` would have reported
  subscription.drop('c1')

  const again = ask()
  replay(8)
  replay(9)
  subscription.receive('c1', {
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
  expect(subscription.resumeFrom()).toBe('t@e1:0=9')
})

test('the replay of a topic that was created again is applied from its beginning', () => {
  const { subscription, got, gaps, ask } = subscribed()
  const { attempt = 0 } = ask()
  const replay = (offset: number) =>
    subscription.receive('c1', {
      type: 'events',
      ids: ['s1'],
      replay: true,
      attempt,
      epochs: 't@e2:',
      events: [eventAt(offset)],
    })
  replay(0)
  replay(1)
  subscription.receive('c1', {
    type: 'subscribed',
    id: 's1',
    attempt,
    cursor: 't@e2:0=1',
    recovered: false,
    reason: 'epoch',
  })

  expect(got).toEqual([0, 1])
  expect(gaps).toEqual(['epoch'])
  expect(subscription.resumeFrom()).toBe('t@e2:0=1')
})

test('a page from the start of the replay gives the result as well', () => {
  const { subscription, got, gaps, ask, replay } = subscribed()
  ask()
  replay(8)
  subscription.drop('c1')

  subscription.receivePage(
    { events: [eventAt(8)], cursor: 't@e1:0=8', recovered: false },
    subscription.resumeFrom(),
  )

  expect(gaps).toEqual(['trimmed'])
  expect(got).toEqual([8])
  expect(subscription.resumeFrom()).toBe('t@e1:0=8')
})

test('live events advance the position after the response', () => {
  const { subscription, ask, replay } = subscribed()
  const { attempt = 0 } = ask()
  replay(6)
  subscription.receive('c1', { type: 'subscribed', id: 's1', attempt, cursor: 't@e1:0=6', recovered: true })

  subscription.receive('c1', { type: 'events', ids: ['s1'], events: [eventAt(7)] })

  expect(subscription.resumeFrom()).toBe('t@e1:0=7')
})

describe('a subscription that moves to another line', () => {
  test('applies nothing more of a line that missed a frame, although the next line has not responded yet', () => {
    const { subscription, got } = subscribed()
    const answer = (line: string, attempt: number, cursor: string) =>
      subscription.receive(line, { type: 'subscribed', id: 's1', attempt, cursor, recovered: true })
    subscription.ask('old')
    answer('old', 1, FROM)
    subscription.ask('next')

    subscription.receive('old', { type: 'gap', ids: ['s1'] }) // 6 was missed
    subscription.receive('old', { type: 'events', ids: ['s1'], events: [eventAt(7)] })
    expect(got).toEqual([])

    const replayed = [eventAt(6), eventAt(7)]
    subscription.receive('next', { type: 'events', ids: ['s1'], replay: true, attempt: 2, events: replayed })
    answer('next', 2, 't@e1:0=7')
    expect(got).toEqual([6, 7])
  })

  test('continues on the old line until the next one has responded', () => {
    const { subscription, got } = subscribed()
    subscription.ask('old')
    subscription.receive('old', { type: 'subscribed', id: 's1', attempt: 1, cursor: FROM, recovered: true })

    subscription.ask('next')
    subscription.receive('old', { type: 'events', ids: ['s1'], events: [eventAt(6)] })

    expect(got).toEqual([6])
    expect(subscription.phase()).toBe('live')
    expect(subscription.source()).toBe('old')
  })
})

test('a subscription that subscribes again on its line is not live until the line has responded', () => {
  const { subscription } = subscribed()
  subscription.ask('line')
  subscription.receive('line', { type: 'subscribed', id: 's1', attempt: 1, cursor: FROM, recovered: true })

  subscription.ask('line')

  expect(subscription.phase()).toBe('asking')
  expect(subscription.source()).toBeNull()
})

test('a page without matching events advances the position to its cursor', () => {
  const { subscription } = subscribed()

  const hasMoved = subscription.receivePage({ events: [], cursor: 't@e1:0=9', recovered: true }, FROM)

  expect(hasMoved).toBe(true)
  expect(subscription.resumeFrom()).toBe('t@e1:0=9')
})

test('a subscription from `latest` resumes from the cursor of its first response', () => {
  const subscription = createSubscription(
    { id: 's1', channels: ['**'], since: 'latest' },
    { event: () => {}, gap: () => {}, error: () => {} },
  )
  subscription.ask('line')

  subscription.receive('line', { type: 'subscribed', id: 's1', attempt: 1, cursor: FROM, recovered: true })

  expect(subscription.resumeFrom()).toBe(FROM)
})

test('keeps one offset for each partition, however many events come', () => {
  const { subscription, ask, got } = subscribed()
  const { attempt = 0 } = ask()
  subscription.receive('c1', { type: 'subscribed', id: 's1', attempt, cursor: FROM, recovered: true })
  for (let offset = 6; offset < 200_006; offset += 100) {
    const events = Array.from({ length: 100 }, (_, n) => eventAt(offset + n, n % 3))
    subscription.receive('c1', { type: 'events', ids: ['s1'], events })
  }
  expect(got).toHaveLength(200_000)
  expect(subscription.resumeFrom()).toBe('t@e1:0=200005,1=200003,2=200004')
})

describe('a log that was restored to an earlier state, so that the position is ahead of it', () => {
  const replayed = (offsets: readonly number[], attempt: number, epochs: string) => ({
    type: 'events' as const,
    ids: ['s1'],
    replay: true as const,
    attempt,
    epochs,
    events: offsets.map((offset) => eventAt(offset)),
  })
  const ahead = (cursor: string, attempt: number) =>
    ({ type: 'subscribed', id: 's1', attempt, cursor, recovered: false, reason: 'ahead' }) as const
  const live = (offset: number, partition = 0) => ({
    type: 'events' as const,
    ids: ['s1'],
    events: [eventAt(offset, partition)],
  })

  test('what the replay has is applied from the beginning, and one gap is told', () => {
    const { subscription, got, gaps } = subscribed()
    subscription.ask('c1')
    subscription.receive('c1', replayed([0, 1], 1, 't@e1:0=2'))
    subscription.receive('c1', live(3)) // came while the replay was under way
    subscription.receive('c1', replayed([2], 1, 't@e1:0=2'))
    subscription.receive('c1', ahead('t@e1:0=2', 1))
    subscription.receive('c1', live(4))

    expect(got).toEqual([0, 1, 2, 3, 4])
    expect(gaps).toEqual(['ahead'])
    expect(subscription.resumeFrom()).toBe('t@e1:0=4')
  })

  test('without anything to replay, the position is where the log ends', () => {
    const { subscription, got, gaps } = subscribed()
    subscription.ask('c1')
    subscription.receive('c1', ahead('t@e1:0=2', 1))
    subscription.receive('c1', live(3))

    expect([got, gaps]).toEqual([[3], ['ahead']])
  })

  test('a partition and a topic that are gone are forgotten, and are not told again', () => {
    const { subscription, got, gaps } = subscribed()
    subscription.receivePage(
      { events: [eventAt(6, 1)], cursor: 't@e1:0=5,1=6;u@e9:0=1', recovered: true },
      FROM,
    )
    expect(subscription.ask('c1').since).toBe('t@e1:0=5,1=6;u@e9:0=1')
    subscription.receive('c1', ahead('t@e1:0=5', 1))
    expect(subscription.resumeFrom()).toBe('t@e1:0=5')
    subscription.receive('c1', live(0, 1)) // the partition is there again

    expect([got, gaps]).toEqual([[6, 0], ['ahead']])
  })

  test('a page tells it, and the answer of a socket that was asked before does not tell it again', () => {
    const { subscription, got, gaps, ask } = subscribed()
    const { attempt = 0 } = ask()
    const page = { events: [eventAt(0), eventAt(1)], cursor: 't@e1:0=1', recovered: false, reason: 'ahead' }
    subscription.receivePage({ ...page, reason: 'ahead' }, FROM)
    subscription.receive('c1', replayed([0, 1, 2], attempt, 't@e1:0=2'))
    subscription.receive('c1', ahead('t@e1:0=2', attempt))
    subscription.receive('c1', live(3))

    expect([got, gaps]).toEqual([[0, 1, 2, 3], ['ahead']])
  })

  test('a page that was under way while the socket told it changes nothing', () => {
    const { subscription, got, gaps, ask } = subscribed()
    const { attempt = 0 } = ask()
    subscription.receive('c1', replayed([0, 1, 2], attempt, 't@e1:0=2'))
    subscription.receive('c1', ahead('t@e1:0=2', attempt))
    subscription.receive('c1', live(3))
    const page = { events: [eventAt(0), eventAt(1)], cursor: 't@e1:0=1', recovered: false } as const

    expect(subscription.receivePage({ ...page, reason: 'ahead' }, FROM)).toBe(false)
    expect([got, gaps, subscription.resumeFrom()]).toEqual([[0, 1, 2, 3], ['ahead'], 't@e1:0=3'])
  })

  test('a replay that is cut off is asked for again from where it began, and told once', () => {
    const { subscription, got, gaps, ask } = subscribed()
    const first = ask()
    subscription.receive('c1', replayed([0, 1], first.attempt ?? 0, 't@e1:0=2'))
    subscription.drop('c1')
    const again = ask()
    subscription.receive('c1', replayed([0, 1, 2], again.attempt ?? 0, 't@e1:0=2'))
    subscription.receive('c1', ahead('t@e1:0=2', again.attempt ?? 0))

    expect(again.since).toBe(FROM)
    expect([got, gaps]).toEqual([[0, 1, 2], ['ahead']])
  })

  test('the old line counts no longer, since it is complete from the old position only', () => {
    const { subscription, got } = subscribed()
    subscription.ask('old')
    const answer = { type: 'subscribed', id: 's1', attempt: 1, cursor: FROM, recovered: true } as const
    subscription.receive('old', answer)
    subscription.ask('next')
    subscription.receive('next', replayed([0, 1], 2, 't@e1:0=2'))
    subscription.receive('old', live(3)) // would hide 2, which is still to come
    subscription.receive('next', replayed([2], 2, 't@e1:0=2'))
    subscription.receive('next', live(3))
    subscription.receive('next', ahead('t@e1:0=2', 2))

    expect(got).toEqual([0, 1, 2, 3])
  })

  test('a second restore is told as well, although the log had grown to the same position again', () => {
    const { subscription, got, gaps, ask } = subscribed()
    const restore = () => {
      const { attempt = 0 } = ask()
      subscription.receive('c1', replayed([4], attempt, 't@e1:0=4'))
      subscription.receive('c1', ahead('t@e1:0=4', attempt))
    }
    restore()
    subscription.receive('c1', live(5))
    restore()

    expect([got, gaps]).toEqual([
      [4, 5, 4],
      ['ahead', 'ahead'],
    ])
  })
})
