import { priceNumber, priceUnits } from './money.ts'
import { isWhole } from './read-tick.ts'

/** The greatest quantity of an order. */
export const MAX_QUANTITY = 1_000_000
/** The longest id of an order or an alert, and the longest symbol in one. */
export const MAX_ID = 64
/** What a symbol is made of where it is not only watched but traded: what a channel can carry unchanged. */
export const SYMBOL_PATTERN = /^[A-Za-z0-9_~-]{1,32}$/

export type Side = 'buy' | 'sell'
export type OrderKind = 'market' | 'limit'

/** An order as states hold it; the limit in 1/10,000. */
export type Order = {
  readonly orderId: string
  readonly symbol: string
  readonly side: Side
  readonly kind: OrderKind
  readonly quantity: number
  readonly limit?: number
}

/** An order as events carry it and readers get it; the limit in currency units. */
export type OrderData = Omit<Order, 'limit'> & { readonly limit?: number }

/** Whether a value can be the id of an order or alert. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID
}

export function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && SYMBOL_PATTERN.test(value)
}

/** The order that an event's data tells of; null where it is none. */
export function readOrder(data: Readonly<Record<string, unknown>>): Order | null {
  const { orderId, symbol, side, kind, quantity } = data
  if (!isId(orderId) || !isSymbol(symbol) || !isWhole(quantity, 1, MAX_QUANTITY)) return null
  if (side !== 'buy' && side !== 'sell') return null
  if (kind === 'market') return { orderId, symbol, side, kind, quantity }
  const limit = priceUnits(data.limit)
  return kind === 'limit' && limit !== null ? { orderId, symbol, side, kind, quantity, limit } : null
}

/** Writes an order as events carry it. */
export function orderData(order: Order): OrderData {
  const { limit, ...rest } = order
  return limit === undefined ? rest : { ...rest, limit: priceNumber(limit) }
}
