import { userSegment } from '#shared/core/channel.ts'
import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import { symbolChannel, symbolOf } from './market-channels.ts'
import { priceNumber } from './money.ts'
import { type Order, orderData, readOrder } from './orders-view.ts'
import { type Outcome, viewOf } from './outcome.ts'
import { fieldsOf } from './read-event.ts'
import { readTick } from './series.ts'

/** The maximum number of limit orders that wait for a symbol. */
export const MAX_WAITING = 300

/** An order that waits for its limit. */
export type WaitingOrder = Order & { readonly user: string }
/** A symbol's last price in 1/10,000, in the order of the log, and the limit orders that wait, oldest first. */
export type BookState = { readonly last: number | null; readonly waiting: readonly WaitingOrder[] }

/** What `book` presents: the quantities that wait at each price, without users. */
export type Book = {
  readonly symbol: string
  readonly last: number | null
  /** Best price first: buying from the highest limit, selling from the lowest. */
  readonly buying: readonly { readonly limit: number; readonly quantity: number }[]
  readonly selling: readonly { readonly limit: number; readonly quantity: number }[]
}

/** Matches orders at the last price, which is that of the last tick. Orders are filled as a whole. */
function trade(state: BookState, input: FoldInput, symbol: string): Outcome<BookState> {
  const tick = readTick(input)
  if (tick !== null) return priced(state, tick.price)
  const nothing = { state, emissions: [] }
  const data = fieldsOf(input)
  const { user, orderId } = data
  if (data.symbol !== symbol || typeof user !== 'string' || userSegment(user) === null) return nothing
  if (input.event.type === 'market.order.withdrawn') {
    const order = state.waiting.find((one) => one.orderId === orderId && one.user === user)
    if (order === undefined) return nothing
    const waiting = state.waiting.filter((one) => one !== order)
    return { state: { ...state, waiting }, emissions: [emission('market.order.cancelled', order)] }
  }
  const order = input.event.type === 'market.order.routed' ? readOrder(data) : null
  return order === null ? nothing : arrive(state, { ...order, user, at: input.offset })
}

function emission(type: string, order: WaitingOrder, more: Record<string, unknown> = {}): Emission {
  return { type, subject: order.orderId, data: { ...orderData(order), user: order.user, ...more } }
}

/** Whether an order can be filled at a price: the price must be as good as its limit, or better. */
function isMet({ side, limit }: Order, price: number): boolean {
  return limit === undefined || (side === 'buy' ? price <= limit : price >= limit)
}

function arrive(state: BookState, order: WaitingOrder): Outcome<BookState> {
  const { last, waiting } = state
  const refuse = (reason: string) => ({
    state,
    emissions: [emission('market.order.unmatched', order, { reason })],
  })
  if (last !== null && isMet(order, last))
    return { state, emissions: [emission('market.order.matched', order, { price: priceNumber(last) })] }
  if (order.kind === 'market')
    return refuse(`Unknown symbol ${order.symbol}: nothing has been traded under it.`)
  if (waiting.some(({ user, orderId }) => user === order.user && orderId === order.orderId))
    return { state, emissions: [] }
  if (waiting.length >= MAX_WAITING)
    return refuse(`${MAX_WAITING} limit orders wait for ${order.symbol} already; try again later.`)
  return { state: { last, waiting: [...waiting, order] }, emissions: [] }
}

function priced(state: BookState, price: number): Outcome<BookState> {
  const met = state.waiting.filter((order) => isMet(order, price))
  if (met.length === 0)
    return { state: price === state.last ? state : { ...state, last: price }, emissions: [] }
  const waiting = state.waiting.filter((order) => !isMet(order, price))
  const emissions = met.map((order) => emission('market.order.matched', order, { price: priceNumber(price) }))
  return { state: { last: price, waiting }, emissions }
}

function presentBook({ last, waiting }: BookState, _now: number, symbol: string): Book {
  const side = (wanted: Order['side']) =>
    waiting
      .filter((order) => order.side === wanted)
      .map(({ limit = 0, quantity }) => ({ limit: priceNumber(limit), quantity }))
  return {
    symbol,
    last: last === null ? null : priceNumber(last),
    buying: side('buy').sort((a, b) => b.limit - a.limit),
    selling: side('sell').sort((a, b) => a.limit - b.limit),
  }
}

export const bookView = defineView<BookState>({
  description:
    'The last price of a symbol, and the limit orders that wait for their price. Orders are filled as a whole, at the last price.',
  lateEvents: "Ticks and orders apply in the order of the symbol's partition, not of their times.",
  channels: ['market.tick.*', 'market.order.*'],
  channelsOf: (symbol) => [symbolChannel('tick', symbol), symbolChannel('order', symbol)],
  keys: ({ event }) => {
    const symbol = symbolOf(event.category)
    return symbol === undefined ? [] : [symbol]
  },
  initial: () => ({ last: null, waiting: [] }),
  ...viewOf(trade),
  merge: (left, right) => ({
    last: right.last ?? left.last,
    waiting: [...left.waiting, ...right.waiting],
  }),
  present: presentBook,
  erasing: {
    rule: 'An order that waits is removed; the last price stays.',
    forget: (state, { offset }) => {
      const waiting = state.waiting.filter(({ at }) => at !== offset)
      return waiting.length < state.waiting.length ? { ...state, waiting } : state
    },
  },
  isAggregate: true,
})
