import type { Emission, FoldInput } from '#shared/domain/define-domain.ts'
import { priceNumber, priceUnits, readMoney, sayMoney, writeMoney } from './money.ts'
import { type Order, orderData, readOrder } from './order.ts'
import type { Outcome as OutcomeOf } from './outcome.ts'
import { fieldsOf } from './read-tick.ts'

/** What everybody starts with. */
export const STARTING_CASH = '100000.0000'
/** So many orders may be open at once, and so many symbols held or on order, to keep a state small. */
export const MAX_OPEN_ORDERS = 100
export const MAX_POSITIONS = 200

/** Shares that are held, and what they cost in all, as decimal text. */
export type Position = { readonly symbol: string; readonly quantity: number; readonly cost: string }

/** A user's money and shares. What open orders reserve follows from them, and is not kept twice. */
export type PortfolioState = {
  readonly cash: string
  /** Profit less loss of all sales. */
  readonly realised: string
  readonly positions: readonly Position[]
  readonly open: readonly Order[]
}

type Outcome = OutcomeOf<PortfolioState>

export const NEW_PORTFOLIO: PortfolioState = {
  cash: STARTING_CASH,
  realised: '0.0000',
  positions: [],
  open: [],
}

/** The cash that open limit orders to buy hold back. */
export function reservedCash(open: readonly Order[]): bigint {
  return open.reduce((sum, order) => sum + (order.side === 'buy' ? worth(order.limit ?? 0, order) : 0n), 0n)
}

/** The shares of a symbol that open orders to sell hold back. */
export function reservedShares(open: readonly Order[], symbol: string): number {
  const selling = open.filter((order) => order.side === 'sell' && order.symbol === symbol)
  return selling.reduce((sum, { quantity }) => sum + quantity, 0)
}

function worth(price: number, { quantity }: { readonly quantity: number }): bigint {
  return BigInt(price) * BigInt(quantity)
}

/**
 * Judges an event of a user's own partition. Orders are checked and sent to the book; what the book answers is settled.
 * An event that concerns no open order changes nothing, so that a repeated answer cannot settle twice.
 */
export function judge(state: PortfolioState, input: FoldInput, user: string): Outcome {
  const data = fieldsOf(input)
  const nothing = { state, emissions: [] }
  if (data.user !== user) return nothing
  if (input.event.type === 'market.order.placed') {
    const order = readOrder(data)
    return order === null ? nothing : place(state, order, user)
  }
  if (typeof data.orderId !== 'string') return nothing
  const order = state.open.find(({ orderId }) => orderId === data.orderId)
  if (input.event.type === 'market.order.cancel-requested')
    return { state, emissions: [withdraw(order, data.orderId, user)] }
  return order === undefined ? nothing : close(state, order, user, input)
}

function close(state: PortfolioState, order: Order, user: string, input: FoldInput): Outcome {
  const { price, reason } = fieldsOf(input)
  const closed = { ...state, open: state.open.filter((one) => one !== order) }
  switch (input.event.type) {
    case 'market.order.matched': {
      const units = priceUnits(price)
      return units === null ? { state, emissions: [] } : settle(closed, order, units, user)
    }
    case 'market.order.unmatched':
      return reject(closed, order, user, typeof reason === 'string' ? reason : 'The book refused it.')
    case 'market.order.cancelled':
      return { state: closed, emissions: [] }
    default:
      return { state, emissions: [] }
  }
}

function place(state: PortfolioState, order: Order, user: string): Outcome {
  if (state.open.some(({ orderId }) => orderId === order.orderId))
    return reject(state, order, user, `An order "${order.orderId}" is open already.`, { duplicate: true })
  const reason = refuse(state, order)
  if (reason !== null) return reject(state, order, user, reason)
  const data = { ...orderData(order), user }
  return {
    state: { ...state, open: [...state.open, order] },
    emissions: [
      { type: 'market.order.accepted', subject: order.orderId, data },
      { type: 'market.order.routed', subject: order.orderId, data },
    ],
  }
}

/** Why an order cannot be taken, or null. */
function refuse(state: PortfolioState, order: Order): string | null {
  const { open, positions } = state
  const { symbol, quantity, limit } = order
  if (open.length >= MAX_OPEN_ORDERS)
    return `${MAX_OPEN_ORDERS} orders are open; wait until one is filled, or cancel one.`
  if (order.side === 'sell') return refuseSale(state, order)
  const symbols = new Set([...positions, ...open].map((one) => one.symbol)).add(symbol)
  if (symbols.size > MAX_POSITIONS) return `A portfolio holds at most ${MAX_POSITIONS} symbols.`
  const free = readMoney(state.cash) - reservedCash(open)
  if (limit === undefined) return free > 0n ? null : 'None of the cash is free.'
  return refuseCost(quantity, symbol, limit, free)
}

function refuseSale({ positions, open }: PortfolioState, { symbol, quantity }: Order): string | null {
  const held = positions.find((position) => position.symbol === symbol)?.quantity ?? 0
  const reserved = reservedShares(open, symbol)
  if (quantity <= held - reserved) return null
  if (held === 0) return `${quantity} ${symbol} cannot be sold: none are held.`
  const waiting = reserved === 0 ? '' : `, and ${reserved} of them are reserved for open orders`
  return `${quantity} ${symbol} cannot be sold: ${held} ${held === 1 ? 'is' : 'are'} held${waiting}.`
}

function refuseCost(quantity: number, symbol: string, price: number, free: bigint): string | null {
  const cost = worth(price, { quantity })
  if (cost <= free) return null
  return `${quantity} ${symbol} at ${sayMoney(BigInt(price))} cost ${sayMoney(cost)}, and ${sayMoney(free)} of the cash is free.`
}

function reject(state: PortfolioState, order: Order, user: string, reason: string, more = {}): Outcome {
  const data = { ...orderData(order), user, reason, ...more }
  return { state, emissions: [{ type: 'market.order.rejected', subject: order.orderId, data }] }
}

function withdraw(order: Order | undefined, orderId: string, user: string): Emission {
  if (order !== undefined)
    return {
      type: 'market.order.withdrawn',
      subject: orderId,
      data: { orderId, user, symbol: order.symbol },
    }
  const reason = `You have no open order "${orderId}".`
  return { type: 'market.order.cancel-refused', subject: orderId, data: { orderId, user, reason } }
}

/** Settles a match of an order that is no longer among the open ones. */
function settle(state: PortfolioState, order: Order, price: number, user: string): Outcome {
  const { symbol, quantity } = order
  const free = readMoney(state.cash) - reservedCash(state.open)
  const reason = order.side === 'buy' ? refuseCost(quantity, symbol, price, free) : null
  if (reason !== null) return reject(state, order, user, reason)
  const after = order.side === 'buy' ? buy(state, order, price) : sell(state, order, price)
  const data = {
    ...orderData(order),
    user,
    price: priceNumber(price),
    value: writeMoney(worth(price, order)),
    ...(order.side === 'sell' && {
      realised: writeMoney(readMoney(after.realised) - readMoney(state.realised)),
    }),
  }
  return { state: after, emissions: [{ type: 'market.order.filled', subject: order.orderId, data }] }
}

function buy(state: PortfolioState, { symbol, quantity }: Order, price: number): PortfolioState {
  const cost = worth(price, { quantity })
  const held = state.positions.find((position) => position.symbol === symbol)
  const position = {
    symbol,
    quantity: (held?.quantity ?? 0) + quantity,
    cost: writeMoney(readMoney(held?.cost ?? '0.0000') + cost),
  }
  const others = state.positions.filter((one) => one !== held)
  return { ...state, cash: writeMoney(readMoney(state.cash) - cost), positions: [...others, position] }
}

/** Sells at average cost. The part of the cost is rounded down; what that leaves stays in the cost of the shares kept. */
function sell(state: PortfolioState, { symbol, quantity }: Order, price: number): PortfolioState {
  const held = state.positions.find((position) => position.symbol === symbol)
  if (held === undefined) return state
  const proceeds = worth(price, { quantity })
  const cost = readMoney(held.cost)
  const costOfSold = (cost * BigInt(quantity)) / BigInt(held.quantity)
  const left = { symbol, quantity: held.quantity - quantity, cost: writeMoney(cost - costOfSold) }
  return {
    ...state,
    cash: writeMoney(readMoney(state.cash) + proceeds),
    realised: writeMoney(readMoney(state.realised) + proceeds - costOfSold),
    positions: state.positions.flatMap((one) => (one === held ? (left.quantity > 0 ? [left] : []) : [one])),
  }
}
