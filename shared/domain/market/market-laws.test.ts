import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DomainEvent, Emission, FoldInput, View } from '#shared/domain/define-domain.ts'
import { createMarket, type MarketWorld } from '#shared/testing/market/market-world.ts'
import { market } from './market.ts'
import { readMoney } from './money.ts'
import type { Portfolio } from './portfolio-view.ts'

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 100)
const views = Object.entries(market.views ?? {}) as [string, View][]
const USERS = ['ada', 'bob@tidewire.local'] as const

const symbol = fc.constantFrom('ACME', 'BRIG')
const user = fc.constantFrom(...USERS)
const units = fc.integer({ min: 1, max: 3_000_000 })
const price = units.map((value) => value / 10_000)
const orderId = fc.nat(15).map((n) => `o-${n}`)
const alertId = fc.nat(5).map((n) => `a-${n}`)
const fields = {
  orderId,
  user,
  symbol,
  side: fc.constantFrom('buy', 'sell'),
  quantity: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 1_000_000 })),
}
const at = fc.integer({ min: 0, max: 400 * 60_000 }).map((ms) => new Date(ms).toISOString())
const wish = fc.oneof(
  { weight: 4, arbitrary: act('market.tick', fc.record({ symbol, price, volume: fc.nat(2000) })) },
  {
    weight: 4,
    arbitrary: act('market.order.placed', fc.record({ ...fields, kind: fc.constant('market') })),
  },
  act('market.order.placed', fc.record({ ...fields, kind: fc.constant('limit'), limit: price })),
  act('market.order.cancel-requested', fc.record({ orderId, user })),
  act(
    'market.alert.created',
    fc.record({ alertId, user, symbol, kind: fc.constant('price-above'), threshold: price }),
  ),
  act('market.alert.deleted', fc.record({ alertId, user })),
)
/** Wishes; after some of them everything settles, others come in one rush. */
const story = fc.array(fc.tuple(wish, fc.boolean()), { maxLength: 60 })

function act(type: string, data: fc.Arbitrary<object>) {
  return fc.record({ type: fc.constant(type), data, time: at })
}

function live(
  steps: readonly [{ type: string; data: object; time: string }, boolean][],
  dice: Iterator<number>,
) {
  const roll = () => dice.next().value ?? 0
  const world = createMarket({
    choose: (count) => (count === 0 ? 0 : roll() % count),
    dies: () => roll() % 5 === 0,
  })
  for (const [{ type, data, time }, settles] of steps) {
    world.post(type, data, time)
    if (settles) world.settle()
  }
  world.settle()
  return world
}

function portfolioOf(world: MarketWorld, name: string): Portfolio {
  return world.read<Portfolio>('portfolio', name)
}

describe('any story of ticks, orders and alerts, in any batches, with workers that die', () => {
  const anyStory = fc.tuple(story, fc.infiniteStream(fc.nat(1000)))

  it('neither makes nor loses money: cash and costs minus realised profit are the starting cash', () => {
    fc.assert(
      fc.property(anyStory, ([steps, dice]) => {
        const world = live(steps, dice)
        for (const name of USERS) {
          const { cash, free, realised, positions, open } = portfolioOf(world, name)
          const cost = positions.reduce((sum, one) => sum + readMoney(one.cost), 0n)
          expect(readMoney(cash) + cost - readMoney(realised)).toBe(1_000_000_000n)
          expect(readMoney(free)).toBeGreaterThanOrEqual(0n)
          for (const { quantity, reserved } of positions) expect(quantity).toBeGreaterThanOrEqual(reserved)
          const waiting = open.filter(({ kind }) => kind === 'market')
          expect(waiting).toEqual([])
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('gives every order exactly one result, and the positions are the sums of the fills', () => {
    fc.assert(
      fc.property(anyStory, ([steps, dice]) => {
        const world = live(steps, dice)
        const count = (type: string) => world.events(`market.order.${type}`).length
        const open = USERS.flatMap((name) => portfolioOf(world, name).open).length
        expect(count('filled') + count('rejected') + count('cancelled') + open).toBe(count('placed'))
        for (const name of USERS) expect(holdings(world, name)).toEqual(filled(world, name))
      }),
      { numRuns: RUNS },
    )
  })

  it('is rebuilt from the log byte for byte', () => {
    fc.assert(
      fc.property(anyStory, ([steps, dice]) => {
        const world = live(steps, dice)
        expect(JSON.stringify(world.rebuild())).toBe(JSON.stringify(world.parts()))
      }),
      { numRuns: RUNS },
    )
  })
})

function holdings(world: MarketWorld, name: string): Record<string, number> {
  const { positions } = portfolioOf(world, name)
  return Object.fromEntries(positions.map(({ symbol, quantity }) => [symbol, quantity]))
}

function filled(world: MarketWorld, name: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { data } of world.events('market.order.filled')) {
    const { user, symbol, side, quantity } = data as Record<string, string> & { quantity: number }
    if (user !== name || symbol === undefined) continue
    sums[symbol] = (sums[symbol] ?? 0) + (side === 'buy' ? quantity : -quantity)
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0))
}

/** What may follow from what. A type may only lead to types further right, so nothing ever follows from itself. */
const ORDER_OF_TYPES = [
  'market.tick',
  'market.order.placed',
  'market.order.cancel-requested',
  'market.alert.created',
  'market.alert.deleted',
  'market.candle.archived',
  'market.alert.armed',
  'market.alert.disarmed',
  'market.order.accepted',
  'market.order.routed',
  'market.order.withdrawn',
  'market.order.matched',
  'market.order.unmatched',
  'market.order.cancelled',
  'market.order.filled',
  'market.order.rejected',
  'market.order.cancel-refused',
  'market.alert.triggered',
  'market.alert.refused',
]

const word = fc.oneof(
  fc.constantFrom(
    'ada',
    'ACME',
    'o-1',
    'a-1',
    'buy',
    'sell',
    'market',
    'limit',
    'price-above',
    '1m',
    '__proto__',
  ),
  fc.string(),
)
const anything = fc.oneof(
  word,
  fc.anything({ withNullPrototype: true }),
  fc.double(),
  fc.integer({ min: -2, max: 300 }),
)
const names = [
  'price',
  'volume',
  'symbol',
  'orderId',
  'user',
  'side',
  'kind',
  'quantity',
  'limit',
  'reason',
  'alertId',
  'threshold',
  'interval',
  'begin',
  'open',
  'high',
  'low',
  'close',
  'openedAt',
  'closedAt',
  'at',
  'realised',
]
const input: fc.Arbitrary<FoldInput> = fc.record({
  topic: fc.constantFrom('market-ticks', 'market-events'),
  partition: fc.nat(2),
  offset: fc.nat(),
  event: fc.record({
    id: fc.string(),
    source: fc.string(),
    type: fc.oneof(fc.constantFrom(...ORDER_OF_TYPES), fc.string()),
    category: fc.oneof(
      fc.constantFrom('market.tick.ACME', 'market.user.ada', 'market.order.ACME', 'market.alert.ACME'),
      fc.constantFrom('market.candle.ACME', 'market.user.~zz', 'market.tick', 'market.tick.__proto__', ''),
    ),
    time: fc.oneof(at, fc.string(), fc.constantFrom('0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z')),
    data: fc.oneof(
      anything,
      fc.dictionary(fc.constantFrom(...names), anything),
      wish.map(({ data }) => data),
    ),
  }) as fc.Arbitrary<DomainEvent>,
})

describe('whatever is in the log', () => {
  it.each(views)('%s folds it, leaves its input alone, and presents it as JSON', (_, view) => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const states = new Map<string, unknown>()
        for (const one of inputs)
          for (const key of view.keys?.(one) ?? ['']) {
            const before = frozen(states.get(key) ?? view.initial(key))
            const after = view.apply(before, one, key)
            view.emit?.(before, one, after, key)
            expect(JSON.parse(JSON.stringify(after))).toEqual(after)
            states.set(key, after)
          }
        for (const [key, state] of states) JSON.stringify(view.present?.(state, 0, key) ?? state)
      }),
      { numRuns: RUNS },
    )
  })

  it('what follows from an event fits its schema and is of a later type, so that no circle is possible', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        for (const [, view] of views) {
          const states = new Map<string, unknown>()
          for (const one of inputs)
            for (const key of view.keys?.(one) ?? ['']) {
              const before = states.get(key) ?? view.initial(key)
              const after = view.apply(before, one, key)
              states.set(key, after)
              for (const emission of view.emit?.(before, one, after, key) ?? []) {
                expect(after).not.toBe(before)
                expectToFollow(one, emission)
              }
            }
        }
      }),
      { numRuns: RUNS },
    )
  })
})

function expectToFollow({ event }: FoldInput, { type, data }: Emission): void {
  expect(market.events[type]?.schema.safeParse(data).error).toBeUndefined()
  expect(ORDER_OF_TYPES.indexOf(type)).toBeGreaterThan(ORDER_OF_TYPES.indexOf(event.type))
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) frozen(inner)
  return value
}
