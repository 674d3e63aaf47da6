import { describe, expect, it } from 'vitest'
import { createMarket, type MarketWorld } from '#shared/testing/market/market-world.ts'
import { type Book, MAX_WAITING } from './book-view.ts'
import type { OrdersState } from './orders-view.ts'
import { MAX_OPEN_ORDERS, MAX_POSITIONS, type Portfolio, valuePortfolio } from './portfolio-view.ts'

const buy = { orderId: 'o-1', user: 'ada', symbol: 'ACME', side: 'buy', kind: 'market', quantity: 10 }
const sell = { ...buy, orderId: 'o-2', side: 'sell' }

function marketAt(...prices: number[]): MarketWorld {
  const world = createMarket()
  for (const price of prices) tick(world, price)
  return world
}
function tick(world: MarketWorld, price: number, symbol = 'ACME'): void {
  world.postAndSettle('market.tick', { symbol, price, volume: 1 })
}
function place(world: MarketWorld, order: object): void {
  world.postAndSettle('market.order.placed', order)
}
function orders(world: MarketWorld, user = 'ada') {
  return world.read<OrdersState>('orders', user).orders
}
function portfolio(world: MarketWorld, user = 'ada') {
  return world.read<Portfolio>('portfolio', user)
}
function book(world: MarketWorld) {
  return world.read<Book>('book', 'ACME')
}

describe('a market order', () => {
  it('is filled at the last price, and paid for to the last decimal', () => {
    const world = marketAt(100, 101.3701)
    place(world, buy)

    expect(orders(world)).toMatchObject([{ status: 'filled', price: 101.3701 }])
    expect(portfolio(world)).toEqual({
      cash: '98986.2990',
      free: '98986.2990',
      reserved: '0.0000',
      realised: '0.0000',
      open: [],
      positions: [{ symbol: 'ACME', quantity: 10, reserved: 0, cost: '1013.7010', averageCost: '101.3701' }],
    })
    expect(world.events('market.order.filled')).toMatchObject([{ data: { value: '1013.7010' } }])
  })

  it('to sell brings its profit, by average cost', () => {
    const world = marketAt(100)
    place(world, buy)
    tick(world, 110)
    place(world, { ...buy, orderId: 'o-1b' })
    tick(world, 120)
    place(world, { ...sell, quantity: 5 })

    expect(orders(world).at(-1)).toMatchObject({ status: 'filled', price: 120, realised: '75.0000' })
    expect(portfolio(world)).toMatchObject({
      cash: '98500.0000',
      realised: '75.0000',
      positions: [{ quantity: 15, cost: '1575.0000', averageCost: '105.0000' }],
    })
  })

  it('leaves the remainder of a division in the cost of the shares that are kept', () => {
    const world = marketAt(1.0001)
    place(world, { ...buy, quantity: 2 })
    tick(world, 1)
    place(world, { ...buy, orderId: 'o-1b', quantity: 1 })
    tick(world, 2)
    place(world, { ...sell, quantity: 2 })

    expect(portfolio(world)).toMatchObject({
      cash: '100000.9998',
      realised: '1.9999',
      positions: [{ quantity: 1, cost: '1.0001' }],
    })
  })

  it('that sells the last share leaves no position', () => {
    const world = marketAt(100)
    place(world, buy)
    place(world, sell)

    expect(portfolio(world)).toMatchObject({ cash: '100000.0000', realised: '0.0000', positions: [] })
  })
})

describe('a limit order', () => {
  it('waits, reserves its cash, and is filled at the price of the tick that meets it', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 95 })
    const waiting = [orders(world)[0]?.status, portfolio(world).free, book(world)]
    tick(world, 95.0001)
    const still = orders(world)[0]?.status
    tick(world, 94)

    expect(waiting).toEqual([
      'accepted',
      '99050.0000',
      { symbol: 'ACME', last: 100, buying: [{ limit: 95, quantity: 10 }], selling: [] },
    ])
    expect(still).toBe('accepted')
    expect(orders(world)).toMatchObject([{ status: 'filled', price: 94 }])
    expect(portfolio(world)).toMatchObject({ cash: '99060.0000', free: '99060.0000', open: [] })
    expect(book(world)).toMatchObject({ last: 94, buying: [] })
  })

  it('that the last price meets already is filled at that price', () => {
    const world = marketAt(90)
    place(world, { ...buy, kind: 'limit', limit: 95 })
    expect(orders(world)).toMatchObject([{ status: 'filled', price: 90 }])
  })

  it('to sell waits for a price at its limit or above, and reserves its shares', () => {
    const world = marketAt(100)
    place(world, buy)
    place(world, { ...sell, kind: 'limit', limit: 105 })
    const held = portfolio(world).positions[0]?.reserved
    tick(world, 104.9999)
    tick(world, 107)

    expect(held).toBe(10)
    expect(orders(world).at(-1)).toMatchObject({ status: 'filled', price: 107, realised: '70.0000' })
  })

  it('may wait for a symbol that nothing was traded under yet', () => {
    const world = marketAt()
    place(world, { ...buy, kind: 'limit', limit: 95 })
    tick(world, 90)
    expect(orders(world)).toMatchObject([{ status: 'filled', price: 90 }])
  })

  it('can be cancelled, and releases its cash', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 95 })
    place(world, { ...buy, user: 'bob', kind: 'limit', limit: 94 })
    world.postAndSettle('market.order.cancel-requested', { orderId: 'o-1', user: 'ada' })

    expect(orders(world)).toMatchObject([{ status: 'cancelled' }])
    expect(portfolio(world)).toMatchObject({ free: '100000.0000', open: [] })
    expect(book(world)).toMatchObject({ buying: [{ limit: 94 }] })
  })

  it('that is cancelled leaves the order of another user with the same id', () => {
    const world = marketAt(100)
    place(world, { ...buy, user: 'bob', kind: 'limit', limit: 94 })
    place(world, { ...buy, kind: 'limit', limit: 95 })
    world.postAndSettle('market.order.cancel-requested', { orderId: 'o-1', user: 'ada' })

    expect(book(world)).toMatchObject({ buying: [{ limit: 94 }] })
    expect(orders(world, 'bob')).toMatchObject([{ status: 'accepted' }])
  })

  it('that is met before the cancellation reaches the book is filled, and stays so', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 95 })
    world.post('market.tick', { symbol: 'ACME', price: 90 })
    world.post('market.order.cancel-requested', { orderId: 'o-1', user: 'ada' })
    world.settle()

    expect(orders(world)).toMatchObject([{ status: 'filled', price: 90 }])
    expect(portfolio(world)).toMatchObject({ cash: '99100.0000', open: [] })
  })
})

describe('an order is rejected with the reason', () => {
  const rejected = (world: MarketWorld) => {
    const last = orders(world).at(-1)
    return [last?.status, last?.reason]
  }

  it('where nothing was traded under its symbol', () => {
    const world = marketAt(100)
    place(world, { ...buy, symbol: 'XYZ' })
    expect(rejected(world)).toEqual(['rejected', 'Unknown symbol XYZ: nothing has been traded under it.'])
    expect(portfolio(world).open).toEqual([])
  })

  it('where the price of a market order is more than the cash', () => {
    const world = marketAt(101.37)
    place(world, { ...buy, quantity: 1000 })
    expect(rejected(world)).toEqual([
      'rejected',
      '1000 ACME at 101.37 cost 101,370.00, and 100,000.00 of the cash is free.',
    ])
    expect(portfolio(world)).toMatchObject({ cash: '100000.0000', positions: [], open: [] })
  })

  it('where other orders reserve the cash', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 90, quantity: 1000 })
    place(world, { ...buy, orderId: 'o-3', kind: 'limit', limit: 90.5, quantity: 200 })
    expect(rejected(world)).toEqual([
      'rejected',
      '200 ACME at 90.50 cost 18,100.00, and 10,000.00 of the cash is free.',
    ])
  })

  it('where a market order would cost what other orders reserve', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 90, quantity: 1000 })
    place(world, { ...buy, orderId: 'o-3', quantity: 101 })
    expect(rejected(world)).toEqual([
      'rejected',
      '101 ACME at 100.00 cost 10,100.00, and 10,000.00 of the cash is free.',
    ])
  })

  it('where no cash is free at all', () => {
    const world = marketAt(100)
    place(world, { ...buy, quantity: 1000 })
    place(world, { ...buy, orderId: 'o-3', quantity: 1 })
    expect(rejected(world)).toEqual(['rejected', 'None of the cash is free.'])
  })

  it('where shares are missing or reserved', () => {
    const world = marketAt(100)
    place(world, sell)
    const none = rejected(world)
    place(world, { ...buy, quantity: 3 })
    place(world, { ...sell, orderId: 'o-3', quantity: 4 })
    const few = rejected(world)
    place(world, { ...sell, orderId: 'o-4', kind: 'limit', limit: 200, quantity: 2 })
    place(world, { ...sell, orderId: 'o-5', quantity: 2 })

    expect([none, few, rejected(world)].map(([, reason]) => reason)).toEqual([
      '10 ACME cannot be sold: none are held.',
      '4 ACME cannot be sold: 3 are held.',
      '2 ACME cannot be sold: 3 are held, and 2 of them are reserved for open orders.',
    ])
  })

  it('under the id of one that is open, which goes on', () => {
    const world = marketAt(100)
    place(world, { ...buy, kind: 'limit', limit: 95 })
    place(world, { ...buy, kind: 'limit', limit: 94 })

    expect(world.events('market.order.rejected')).toMatchObject([
      { data: { reason: 'An order "o-1" is open already.' } },
    ])
    expect(orders(world)).toMatchObject([{ status: 'accepted', limit: 95 }])
  })

  it('where too many are open, or wait', () => {
    const world = marketAt(100)
    const users = Array.from({ length: MAX_WAITING / MAX_OPEN_ORDERS }, (_, n) => `u${n}`)
    for (let n = 0; n < MAX_OPEN_ORDERS; n++)
      for (const user of users)
        place(world, { ...buy, user, orderId: `o-${n}`, kind: 'limit', limit: 1, quantity: 1 })
    place(world, { ...buy, user: 'u0', orderId: 'more' })
    place(world, { ...buy, kind: 'limit', limit: 1 })

    expect(orders(world, 'u0').at(-1)?.reason).toBe(
      '100 orders are open; wait until one is filled, or cancel one.',
    )
    expect(rejected(world)[1]).toBe('300 limit orders wait for ACME already; try again later.')
    expect(portfolio(world)).toMatchObject({ free: '100000.0000', open: [] })
  })

  it('where a portfolio would hold too many symbols', () => {
    const world = createMarket()
    for (let n = 0; n <= MAX_POSITIONS; n++) {
      tick(world, 1, `S${n}`)
      place(world, { ...buy, orderId: `o-${n}`, symbol: `S${n}` })
    }
    expect(rejected(world)).toEqual(['rejected', 'A portfolio holds at most 200 symbols.'])
    expect(portfolio(world).positions).toHaveLength(MAX_POSITIONS)
    for (const [, { state }] of world.parts())
      expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(100_000)
  })

  it.each([
    ['an order that is not open', 'ada'],
    ['an order of another user', 'eve'],
  ])('when it would cancel %s', (_, user) => {
    const world = marketAt(100)
    place(world, user === 'ada' ? buy : { ...buy, kind: 'limit', limit: 95 })
    world.postAndSettle('market.order.cancel-requested', { orderId: 'o-1', user })

    expect(world.events('market.order.cancel-refused')).toMatchObject([
      { partitionkey: user, data: { reason: 'You have no open order "o-1".' } },
    ])
    expect(orders(world)).toMatchObject([{ status: user === 'ada' ? 'filled' : 'accepted' }])
  })
})

describe('a portfolio is valued', () => {
  it('at last prices, exactly, and at cost where there is none', () => {
    const world = marketAt(100)
    tick(world, 50, 'BRIG')
    place(world, buy)
    place(world, { ...buy, orderId: 'o-2', symbol: 'BRIG' })
    const valued = valuePortfolio(portfolio(world), [{ symbol: 'ACME', last: 101.0001 }])

    expect(valued).toMatchObject({
      value: '1510.0010',
      unrealised: '10.0010',
      equity: '100010.0010',
      positions: [
        { symbol: 'ACME', last: 101.0001, value: '1010.0010', unrealised: '10.0010' },
        { symbol: 'BRIG', last: null, value: null, unrealised: null, cost: '500.0000' },
      ],
    })
  })
})
