import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import { userChannel, userOf } from './market-channels.ts'
import { divideMoney, priceNumber, priceUnits, readMoney, sayMoney, writeMoney } from './money.ts'
import { type Order, type OrderData, orderData, readOrder } from './orders-view.ts'
import { type Outcome, viewOf } from './outcome.ts'
import { fieldsOf } from './read-event.ts'

/** The cash of a new portfolio. */
const STARTING_CASH = '100000.0000'
/** The maximum number of open orders, and of symbols held or ordered, so that a state stays small. */
export const MAX_OPEN_ORDERS = 100
export const MAX_POSITIONS = 200

/** The shares of a symbol and their total cost as decimal text. */
type Position = { readonly symbol: string; readonly quantity: number; readonly cost: string }

/** A user's cash and shares. What open orders reserve is computed from them, not stored. */
export type PortfolioState = {
  readonly cash: string
  /** Profit minus loss of all sales. */
  readonly realised: string
  readonly positions: readonly Position[]
  readonly open: readonly Order[]
}

export const NEW_PORTFOLIO: PortfolioState = {
  cash: STARTING_CASH,
  realised: '0.0000',
  positions: [],
  open: [],
}

/** A position as readers receive it. Money is decimal text with four decimals. */
type PresentedPosition = {
  readonly symbol: string
  readonly quantity: number
  /** The part of the quantity that open sell orders reserve. */
  readonly reserved: number
  readonly cost: string
  /** The cost of one share, rounded. */
  readonly averageCost: string
}
/** What `portfolio` presents of a user. Money is decimal text with four decimals. */
export type Portfolio = {
  readonly cash: string
  /** The part of the cash that open limit orders to buy reserve, and the rest. */
  readonly reserved: string
  readonly free: string
  /** Profit minus loss of all sales, by average cost. */
  readonly realised: string
  /** By symbol. */
  readonly positions: readonly PresentedPosition[]
  readonly open: readonly OrderData[]
}

export const portfolioView = defineView<PortfolioState>({
  description: "A user's cash, positions, open orders, and realised profit and loss by average cost.",
  lateEvents: "Orders count in the order of the user's partition, not of their times.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = userOf(event.category)
    return user === undefined ? [] : [user]
  },
  initial: () => NEW_PORTFOLIO,
  ...viewOf(judge),
  present: presentPortfolio,
  erasing: {
    rule: 'An order that is open is removed with the event that placed it, and what it reserved is free again; cash, shares, profit and loss stay.',
    forget: (state, { offset }) => {
      const open = state.open.filter(({ at }) => at !== offset)
      return open.length < state.open.length ? { ...state, open } : state
    },
  },
})

/** Returns the cash that open limit orders to buy reserve. */
function reservedCash(open: readonly Order[]): bigint {
  return open.reduce((sum, order) => sum + (order.side === 'buy' ? worth(order.limit ?? 0, order) : 0n), 0n)
}

/** Returns the number of shares of a symbol that open sell orders reserve. */
function reservedShares(open: readonly Order[], symbol: string): number {
  const selling = open.filter((order) => order.side === 'sell' && order.symbol === symbol)
  return selling.reduce((sum, { quantity }) => sum + quantity, 0)
}

function worth(price: number, { quantity }: { readonly quantity: number }): bigint {
  return BigInt(price) * BigInt(quantity)
}

/**
 * Applies an event of a user's own partition. Orders are checked and sent to the book; the matches of the book are
 * settled. An event about an order that is not open changes nothing, so that a repeated match cannot settle twice.
 */
export function judge(state: PortfolioState, input: FoldInput, user: string): Outcome<PortfolioState> {
  const data = fieldsOf(input)
  const nothing = { state, emissions: [] }
  if (data.user !== user) return nothing
  if (input.event.type === 'market.order.placed') {
    const order = readOrder(data)
    return order === null ? nothing : place(state, { ...order, at: input.offset }, user)
  }
  if (typeof data.orderId !== 'string') return nothing
  const order = state.open.find(({ orderId }) => orderId === data.orderId)
  if (input.event.type === 'market.order.cancel-requested')
    return { state, emissions: [withdraw(order, data.orderId, user)] }
  return order === undefined ? nothing : close(state, order, user, input)
}

function close(state: PortfolioState, order: Order, user: string, input: FoldInput): Outcome<PortfolioState> {
  const { price, reason } = fieldsOf(input)
  const closed = { ...state, open: state.open.filter((one) => one !== order) }
  switch (input.event.type) {
    case 'market.order.matched': {
      const units = priceUnits(price)
      return units === null ? { state, emissions: [] } : settle(closed, order, units, user)
    }
    case 'market.order.unmatched':
      return reject(
        closed,
        { ...orderData(order), user },
        typeof reason === 'string' ? reason : 'The book refused it.',
      )
    case 'market.order.cancelled':
      return { state: closed, emissions: [] }
    default:
      return { state, emissions: [] }
  }
}

function place(state: PortfolioState, order: Order, user: string): Outcome<PortfolioState> {
  const data = { ...orderData(order), user }
  if (state.open.some(({ orderId }) => orderId === order.orderId))
    return reject(state, data, `An order "${order.orderId}" is open already.`, { duplicate: true })
  const reason = orderProblem(state, order)
  if (reason !== null) return reject(state, data, reason)
  return {
    state: { ...state, open: [...state.open, order] },
    emissions: [
      { type: 'market.order.accepted', subject: order.orderId, data },
      { type: 'market.order.routed', subject: order.orderId, data },
    ],
  }
}

/** Returns why an order cannot be accepted, or null. */
function orderProblem(state: PortfolioState, order: Order): string | null {
  const { open, positions } = state
  const { symbol, quantity, limit } = order
  if (open.length >= MAX_OPEN_ORDERS)
    return `${MAX_OPEN_ORDERS} orders are open; wait until one is filled, or cancel one.`
  if (order.side === 'sell') return saleProblem(state, order)
  const symbols = new Set([...positions, ...open].map((one) => one.symbol)).add(symbol)
  if (symbols.size > MAX_POSITIONS) return `A portfolio holds at most ${MAX_POSITIONS} symbols.`
  const free = readMoney(state.cash) - reservedCash(open)
  if (limit === undefined) return free > 0n ? null : 'None of the cash is free.'
  return costProblem(quantity, symbol, limit, free)
}

function saleProblem({ positions, open }: PortfolioState, { symbol, quantity }: Order): string | null {
  const held = positions.find((position) => position.symbol === symbol)?.quantity ?? 0
  const reserved = reservedShares(open, symbol)
  if (quantity <= held - reserved) return null
  if (held === 0) return `${quantity} ${symbol} cannot be sold: none are held.`
  const waiting = reserved === 0 ? '' : `, and ${reserved} of them are reserved for open orders`
  return `${quantity} ${symbol} cannot be sold: ${held} ${held === 1 ? 'is' : 'are'} held${waiting}.`
}

function costProblem(quantity: number, symbol: string, price: number, free: bigint): string | null {
  const cost = worth(price, { quantity })
  if (cost <= free) return null
  return `${quantity} ${symbol} at ${sayMoney(BigInt(price))} cost ${sayMoney(cost)}, and ${sayMoney(free)} of the cash is free.`
}

function reject(
  state: PortfolioState,
  order: OrderData & { readonly user: string },
  reason: string,
  more = {},
): Outcome<PortfolioState> {
  const data = { ...order, reason, ...more }
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

/** Settles the match of an order that was already removed from the open ones. */
function settle(state: PortfolioState, order: Order, price: number, user: string): Outcome<PortfolioState> {
  const { symbol, quantity } = order
  const free = readMoney(state.cash) - reservedCash(state.open)
  const reason = order.side === 'buy' ? costProblem(quantity, symbol, price, free) : null
  if (reason !== null) return reject(state, { ...orderData(order), user }, reason)
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

/**
 * Sells at average cost. The cost of the shares sold is rounded down; the remainder stays in the cost of those kept.
 */
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

function presentPortfolio({ cash, realised, positions, open }: PortfolioState): Portfolio {
  const reserved = reservedCash(open)
  const present = ({ symbol, quantity, cost }: PortfolioState['positions'][number]) => ({
    symbol,
    quantity,
    reserved: reservedShares(open, symbol),
    cost,
    averageCost: writeMoney(divideMoney(readMoney(cost), BigInt(quantity))),
  })
  return {
    cash,
    reserved: writeMoney(reserved),
    free: writeMoney(readMoney(cash) - reserved),
    realised,
    positions: positions.map(present).sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    open: open.map(orderData),
  }
}

/** A position at its last price; `last`, `value` and `unrealised` are null if there is no price. */
export type ValuedPosition = PresentedPosition & {
  readonly last: number | null
  readonly value: string | null
  readonly unrealised: string | null
}
export type ValuedPortfolio = Omit<Portfolio, 'positions'> & {
  readonly positions: readonly ValuedPosition[]
  /** The value of all positions; those without a price count at cost. */
  readonly value: string
  readonly unrealised: string
  /** The sum of cash and value. */
  readonly equity: string
}

/** Returns a presented portfolio with its exact value at the last prices. */
export function valuePortfolio(
  portfolio: Portfolio,
  quotes: readonly { readonly symbol: string; readonly last: number }[],
): ValuedPortfolio {
  const prices = new Map(quotes.map(({ symbol, last }) => [symbol, last]))
  const positions = portfolio.positions.map((position) =>
    valuePosition(position, prices.get(position.symbol)),
  )
  const value = positions.reduce((sum, one) => sum + readMoney(one.value ?? one.cost), 0n)
  const cost = positions.reduce((sum, one) => sum + readMoney(one.cost), 0n)
  return {
    ...portfolio,
    positions,
    value: writeMoney(value),
    unrealised: writeMoney(value - cost),
    equity: writeMoney(readMoney(portfolio.cash) + value),
  }
}

function valuePosition(position: PresentedPosition, last: number | undefined): ValuedPosition {
  const units = priceUnits(last)
  if (last === undefined || units === null) return { ...position, last: null, value: null, unrealised: null }
  const value = BigInt(units) * BigInt(position.quantity)
  return {
    ...position,
    last,
    value: writeMoney(value),
    unrealised: writeMoney(value - readMoney(position.cost)),
  }
}
