import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserAlertsState } from '#shared/domain/market/alert-views.ts'
import type { Book } from '#shared/domain/market/book-view.ts'
import type { Candles } from '#shared/domain/market/candle-views.ts'
import { userChannel } from '#shared/domain/market/market-channels.ts'
import type { OrdersState } from '#shared/domain/market/orders-view.ts'
import { type Portfolio, valuePortfolio } from '#shared/domain/market/portfolio-view.ts'
import type { Quote } from '#shared/domain/market/quotes-view.ts'
import { get, type Positioned, type Problem, post, publish, publishBatch, readLog } from '../support/api.ts'
import { type Frame, openSocket, type TestSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

/** Makes names unique to this run. */
const run = randomUUID().slice(0, 8)
const ACME = `ACME-${run}`
const BRIG = `BRIG-${run}`
const ada = `ada-${run}@tidewire.local`
const eve = `eve-${run}@tidewire.local`
const DAY = '2026-03-02T'

describe("a trader's day", () => {
  let stack: TestStack
  let socket: TestSocket
  beforeAll(async () => {
    stack = await startStack()
    socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 'mine', channels: [userChannel(ada)] })
    await socket.next(({ type }) => type === 'subscribed')
  })
  afterAll(async () => {
    await socket?.close()
    await stack?.dispose()
  })

  const view = async <State>(name: string, key: string): Promise<State | null> => {
    const url = `${stack.httpUrl}/views/market/${name}/${encodeURIComponent(key)}`
    const { status, json } = await get<{ state: State }>(url)
    return status === 200 ? json.state : null
  }
  const say = (type: string, data: object) => publish(stack.httpUrl, { type, data })
  const tick = async (symbol: string, price: number, more: { time?: string; volume?: number } = {}) => {
    const { time, volume = 100 } = more
    await publish(stack.httpUrl, {
      type: 'market.tick',
      data: { symbol, price, volume },
      ...(time && { time }),
    })
  }
  /** Posts a tick and waits until the book includes it. */
  const trade = async (symbol: string, price: number) => {
    await tick(symbol, price)
    await expect.poll(async () => (await view<Book>('book', symbol))?.last).toBe(price)
  }
  const place = (orderId: string, order: object) =>
    say('market.order.placed', { orderId, user: ada, symbol: ACME, side: 'buy', kind: 'market', ...order })
  const orderOf = async (orderId: string) =>
    (await view<OrdersState>('orders', ada))?.orders.find((order) => order.orderId === orderId)
  /** Waits until an order has a status. */
  const outcome = async (orderId: string, status: string) => {
    await expect.poll(async () => (await orderOf(orderId))?.status).toBe(status)
    return orderOf(orderId)
  }
  const portfolio = () => view<Portfolio>('portfolio', ada)
  const alertsOf = async (user: string) => (await view<UserAlertsState>('user-alerts', user))?.alerts
  const refuse = async (type: string, data: object) => {
    const { status, json } = await post(stack.httpUrl, JSON.stringify({ type, data }))
    return [status, ...((json as Problem).errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`)]
  }
  const toldAda = (type: string) => {
    const isEvents = (frame: Frame) => frame.type === 'events'
    return socket.frames
      .filter(isEvents)
      .flatMap(({ events }) => events as Positioned[])
      .filter(({ event }) => event.type === type)
  }

  it('begins with candles that are the same in any order of the ticks', async () => {
    const ticks = [
      ['10:00:50', 103, 30],
      ['10:00:10', 100, 10],
      ['10:01:10', 101.37, 40],
      ['10:00:30', 99.5, 20],
    ] as const
    for (const [time, price, volume] of ticks) await tick(ACME, price, { time: `${DAY}${time}Z`, volume })

    await expect
      .poll(async () => (await view<Candles>('candles', `${ACME}:1m`))?.candles)
      .toEqual([
        {
          time: Date.parse(`${DAY}10:00:00Z`) / 1000,
          open: 100,
          high: 103,
          low: 99.5,
          close: 103,
          volume: 60,
        },
        {
          time: Date.parse(`${DAY}10:01:00Z`) / 1000,
          volume: 40,
          open: 101.37,
          high: 101.37,
          low: 101.37,
          close: 101.37,
        },
      ])
    // The states that an event changes are saved side by side, in any order.
    await expect
      .poll(async () => (await view<Candles>('candles', `${ACME}:5m`))?.candles)
      .toMatchObject([{ open: 100, high: 103, low: 99.5, close: 101.37, volume: 100 }])
    await expect
      .poll(() => view<Quote>('quotes', ACME))
      .toMatchObject({
        last: 101.37,
        at: `${DAY}10:01:10.000Z`,
        open: 100,
        high: 103,
        low: 99.5,
        volume: 100,
        previousClose: null,
        change: 1.37,
        changePercent: 1.37,
      })
    await expect.poll(() => view('volume', ACME)).toMatchObject({ current: 40, average: 60, level: 'medium' })
  })

  it('is refused at once if it cannot be an order, tick or alert', async () => {
    const order = { orderId: 'x', user: ada, symbol: ACME, side: 'buy', kind: 'limit', quantity: 1, limit: 1 }
    const alert = { alertId: 'x', user: ada, symbol: ACME, kind: 'price-above', threshold: 1 }
    expect(await refuse('market.order.placed', { ...order, quantity: -5 })).toEqual([
      422,
      '/data/quantity is not right: must be at least 1.',
    ])
    expect(await refuse('market.order.placed', { ...order, quantity: 0.5 })).toEqual([
      422,
      '/data/quantity is not right: must be a whole number.',
    ])
    expect(await refuse('market.order.placed', { ...order, limit: 1.00001 })).toEqual([
      422,
      '/data/limit is not right: must have at most four decimals.',
    ])
    expect(await refuse('market.order.placed', { ...order, limit: undefined })).toEqual([
      422,
      '/data/limit is required: add it.',
    ])
    expect(await refuse('market.tick', { symbol: ACME, price: -1 })).toEqual([
      422,
      '/data/price is not right: must be above 0.',
    ])
    expect(await refuse('market.alert.created', { ...alert, threshold: -1 })).toEqual([
      422,
      '/data/threshold is not right: must be above 0.',
    ])
  })

  it('buys at the last price, and sees it in the portfolio', async () => {
    await trade(ACME, 100)
    await place('buy', { quantity: 10 })
    const order = await outcome('buy', 'filled')

    expect(order).toMatchObject({ price: 100, quantity: 10 })
    expect(await portfolio()).toMatchObject({
      cash: '99000.0000',
      free: '99000.0000',
      realised: '0.0000',
      open: [],
      positions: [{ symbol: ACME, quantity: 10, cost: '1000.0000', averageCost: '100.0000' }],
    })
    const types = ['market.order.accepted', 'market.order.filled'].map((type) => toldAda(type).length)
    expect(types).toEqual([1, 1])
  })

  it('gets a rejection, with the reason, of orders that cannot be filled', async () => {
    await place('unknown', { symbol: BRIG, quantity: 1 })
    await place('dear', { quantity: 1000 })
    await place('short', { side: 'sell', quantity: 11 })

    expect((await outcome('unknown', 'rejected'))?.reason).toBe(
      `Unknown symbol ${BRIG}: nothing has been traded under it.`,
    )
    expect((await outcome('dear', 'rejected'))?.reason).toBe(
      `1000 ${ACME} at 100.00 cost 100,000.00, and 99,000.00 of the cash is free.`,
    )
    expect((await outcome('short', 'rejected'))?.reason).toBe(`11 ${ACME} cannot be sold: 10 are held.`)
    expect(await portfolio()).toMatchObject({ cash: '99000.0000', open: [] })
  })

  it('leaves limit orders: one is filled by the tick that meets it, one is cancelled', async () => {
    await place('low', { kind: 'limit', quantity: 10, limit: 95 })
    await place('lower', { kind: 'limit', quantity: 10, limit: 50 })
    await outcome('lower', 'accepted')
    const held = await portfolio()
    await say('market.order.cancel-requested', { orderId: 'lower', user: ada })
    await outcome('lower', 'cancelled')
    const open = await orderOf('low')
    await trade(ACME, 94.5)

    expect(held).toMatchObject({ free: '97550.0000', reserved: '1450.0000' })
    expect(open).toMatchObject({ status: 'accepted' })
    expect(await outcome('low', 'filled')).toMatchObject({ price: 94.5 })
    expect(await portfolio()).toMatchObject({ cash: '98055.0000', reserved: '0.0000', open: [] })
  })

  it('cannot cancel finished orders, nor those of another user', async () => {
    await place('mine', { kind: 'limit', quantity: 1, limit: 1 })
    await outcome('mine', 'accepted')
    await say('market.order.cancel-requested', { orderId: 'mine', user: eve })
    await say('market.order.cancel-requested', { orderId: 'low', user: ada })
    const refused = async (user: string) => {
      const log = await readLog(stack.httpUrl, userChannel(user))
      return log
        .filter(({ event }) => event.type === 'market.order.cancel-refused')
        .map(({ event }) => event.data)
    }

    await expect
      .poll(() => refused(eve))
      .toEqual([{ orderId: 'mine', user: eve, reason: 'You have no open order "mine".' }])
    await expect
      .poll(() => refused(ada))
      .toEqual([{ orderId: 'low', user: ada, reason: 'You have no open order "low".' }])
    expect(await orderOf('mine')).toMatchObject({ status: 'accepted' })
    expect(await orderOf('low')).toMatchObject({ status: 'filled' })
  })

  it('sells with a profit by average cost, and values the remaining shares', async () => {
    await trade(ACME, 120)
    await place('sell', { side: 'sell', quantity: 5 })
    const sold = await outcome('sell', 'filled')
    const mine = await portfolio()
    const quote = await view<Quote>('quotes', ACME)
    if (!mine || !quote) throw new Error('no portfolio or quote')

    expect(sold).toMatchObject({ price: 120, realised: '113.7500' })
    expect(mine).toMatchObject({ cash: '98655.0000', realised: '113.7500' })
    expect(valuePortfolio(mine, [quote])).toMatchObject({
      value: '1800.0000',
      unrealised: '341.2500',
      equity: '100455.0000',
    })
  })

  it('is alerted once, however many ticks reach the threshold', async () => {
    const alert = { user: ada, symbol: ACME }
    const untilWatching = (watching: number) =>
      expect.poll(() => view('alerts', ACME)).toEqual({ symbol: ACME, watching })
    await say('market.alert.created', { ...alert, alertId: 'gone', kind: 'price-below', threshold: 200 })
    await untilWatching(1)
    await say('market.alert.deleted', { alertId: 'gone', user: ada })
    await untilWatching(0)
    await say('market.alert.created', { ...alert, alertId: 'high', kind: 'price-above', threshold: 130 })
    await say('market.alert.created', { ...alert, alertId: 'busy', kind: 'volume-above', threshold: 5000 })
    await say('market.alert.deleted', { alertId: 'high', user: eve })
    await untilWatching(2)
    await publishBatch(
      stack.httpUrl,
      [129.9999, 130, 131, 132].map((price, n) => ({
        specversion: '1.0',
        id: `${run}-${n}`,
        source: '/exchange',
        type: 'market.tick',
        data: { symbol: ACME, price, volume: 10 },
      })),
    )
    await trade(ACME, 133)

    await expect
      .poll(async () => (await alertsOf(ada))?.map(({ alertId, status, price }) => [alertId, status, price]))
      .toEqual([
        ['gone', 'deleted', undefined],
        ['high', 'triggered', 130],
        ['busy', 'active', undefined],
      ])
    await expect.poll(() => toldAda('market.alert.triggered').length).toBe(1)
    const evesLog = await readLog(stack.httpUrl, userChannel(eve))
    expect(evesLog.map(({ event }) => event.data)).toContainEqual(
      expect.objectContaining({ alertId: 'high', reason: 'You have no alert "high".' }),
    )
  })
})
