import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { matchesChannel } from '#shared/core/channel.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog, UNCLAIMED_TOPIC } from './catalog.ts'

const DEFINITION = { schema: z.unknown() }
const catalog = createCatalog([
  {
    name: 'port',
    topics: { 'container-events': ['port.container.**'], 'port-events': ['port.**'] },
    events: {},
  },
  {
    name: 'market',
    topics: { ticks: ['market.tick.*'], market: ['market.order', 'market.*.alert'] },
    events: { t: DEFINITION },
  },
])

describe('the topic of a channel', () => {
  test.each([
    ['port.container.arrived', 'container-events'],
    ['port.container', 'container-events'],
    ['port.ship', 'port-events'],
    ['port', 'port-events'],
    ['market.tick.eur', 'ticks'],
    ['market.tick', UNCLAIMED_TOPIC],
    ['market.eur.alert', 'market'],
    ['ports.ship', UNCLAIMED_TOPIC],
    ['', UNCLAIMED_TOPIC],
  ])('of %j is the first that claims it, or the topic for unclaimed channels: %s', (channel, topic) => {
    expect(catalog.topicOf(channel)).toBe(topic)
  })

  test('is one of the names', () => {
    expect(catalog.names).toEqual(['container-events', 'port-events', 'ticks', 'market', UNCLAIMED_TOPIC])
  })
})

describe('the topics that patterns touch', () => {
  test.each([
    [['port.container'], ['container-events']],
    [['port.ship', 'port.berth'], ['port-events']],
    [['port.*'], ['container-events', 'port-events']],
    [['port.**'], ['container-events', 'port-events']],
    [['market.*'], ['events', 'market']],
    [['market.tick.*'], ['events', 'market', 'ticks']],
    [['else.**'], ['events']],
    [[], []],
  ])('%j are %j', (patterns, touched) => {
    expect(catalog.topicsTouched(patterns)).toEqual(touched.sort())
  })

  test.each([
    ['of the test', catalog],
    ['of the catalog', createCatalog(domains)],
  ])('include the topic of every channel that they cover, in the domains %s', (_, routes) => {
    const names = ['port', 'container', 'market', 'tick', 'ticks', 'order', 'alert', 'blog', 'sensors', 'x']
    const path = (segments: readonly string[]) =>
      fc.array(fc.constantFrom(...segments), { minLength: 1, maxLength: 4 }).map((list) => list.join('.'))
    const patterns = fc
      .tuple(path([...names, '*']), fc.constantFrom('', '.**'))
      .map((parts) => parts.join(''))
    const property = fc.property(patterns, path(names), (pattern, channel) => {
      if (matchesChannel(pattern, channel))
        expect(routes.topicsTouched([pattern])).toContain(routes.topicOf(channel))
    })

    fc.assert(property, { numRuns: 3000 })
  })
})

test('what the catalog derives of an event type is found by the type', () => {
  expect(catalog.definitionOf('t')).toBe(DEFINITION)
  expect(catalog.definitionOf('u')).toBeUndefined()
})
