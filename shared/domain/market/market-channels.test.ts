import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { channelProblem, userSegment } from '#shared/core/channel.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { market } from './market.ts'
import { symbolChannel, symbolOf, userChannel, userOf } from './market-channels.ts'

describe('the channel of a user', () => {
  it('is legal, and leads back to that user only', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.emailAddress(),
      fc.stringMatching(/^[a~.%-]{1,9}$/),
    )
    fc.assert(
      fc.property(name, (user) => {
        if (userSegment(user) === null) return
        expect(channelProblem(userChannel(user))).toBeNull()
        expect(userOf(userChannel(user))).toBe(user)
      }),
    )
  })

  it('shows a plain name as it is, and a dot and an at sign by their bytes', () => {
    expect(userChannel('ada')).toBe('market.user.ada')
    expect(userChannel('operator@tidewire.local')).toBe('market.user.operator~40tidewire~2Elocal')
  })

  it.each([
    'market.user.~4',
    'market.user.~61',
    'market.user.~ff',
    'market.user',
    'market.user.a.b',
    'x.user.a',
  ])('%s is of no user', (channel) => {
    expect(userOf(channel)).toBeUndefined()
  })

  it.each(['', 'x'.repeat(65), 'ä'.repeat(11), '\ud800'])('there is none for %j', (user) => {
    expect(userSegment(user)).toBeNull()
  })
})

it('a symbol leads to its channel and back', () => {
  expect(symbolChannel('tick', 'BRK.B')).toBe('market.tick.BRK-B')
  expect(symbolOf('market.tick.BRK-B')).toBe('BRK-B')
  expect(['market.tick', 'market.tick.A.B', undefined].map(symbolOf)).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

it('what needs the order of the ticks goes to their topic and partition, the rest to the users', () => {
  const { topicOf } = createCatalog([market])
  const routes = Object.entries(market.events).map(([type, { schema, category, key }]) => {
    const [example] = (schema.meta()?.examples ?? []) as readonly unknown[]
    const channel = typeof category === 'string' ? category : (category?.of(example) ?? '')
    return [type, topicOf(channel), key?.(example)]
  })

  expect(routes.filter(([, topic]) => topic === 'market-ticks')).toEqual([
    ['market.tick', 'market-ticks', 'ACME'],
    ['market.order.routed', 'market-ticks', 'ACME'],
    ['market.order.withdrawn', 'market-ticks', 'ACME'],
    ['market.alert.armed', 'market-ticks', 'ACME'],
    ['market.alert.disarmed', 'market-ticks', 'ACME'],
  ])
  for (const [type, topic, key] of routes)
    if (topic !== 'market-ticks')
      expect([type, topic, key]).toEqual([
        type,
        'market-events',
        type === 'market.candle.archived' ? 'ACME' : 'ada',
      ])
})
