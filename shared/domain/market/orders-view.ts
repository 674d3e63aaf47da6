import type { ErasedEvent } from '#shared/core/erasure.ts'
import { plainTime } from '#shared/core/time.ts'
import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { isSymbol, userChannel, userOf } from './market-channels.ts'
import { priceNumber, priceUnits } from './money.ts'
import { fieldsOf, isId, isWhole } from './read-event.ts'

/** The maximum quantity of an order. */
export const MAX_QUANTITY = 1_000_000

export type Side = 'buy' | 'sell'
export type OrderKind = 'market' | 'limit'

/** An order as states contain it; the limit in 1/10,000. */
export type Order = {
  readonly orderId: string
  readonly symbol: string
  readonly side: Side
  readonly kind: OrderKind
  readonly quantity: number
  readonly limit?: number
  /** The offset of the event that it came with, where a state contains it. */
  readonly at?: number
}

/** An order as events contain it and readers receive it; the limit in currency units. */
export type OrderData = Omit<Order, 'limit' | 'at'> & { readonly limit?: number }

/** Returns the order in an event's data; null if it is not a valid order. */
export function readOrder(data: Readonly<Record<string, unknown>>): Order | null {
  const { orderId, symbol, side, kind, quantity } = data
  if (!isId(orderId) || !isSymbol(symbol) || !isWhole(quantity, 1, MAX_QUANTITY)) return null
  if (side !== 'buy' && side !== 'sell') return null
  if (kind === 'market') return { orderId, symbol, side, kind, quantity }
  const limit = priceUnits(data.limit)
  return kind === 'limit' && limit !== null ? { orderId, symbol, side, kind, quantity, limit } : null
}

/** Returns an order as events contain it. */
export function orderData(order: Order): OrderData {
  const { limit, at: _, ...rest } = order
  return limit === undefined ? rest : { ...rest, limit: priceNumber(limit) }
}

/** The maximum number of orders kept; if there are more, the oldest closed one is removed first. */
const MAX_ORDERS = 200
const MAX_REASON = 200

export type OrderStatus = 'placed' | 'accepted' | 'filled' | 'rejected' | 'cancelled'

/** An order with its result; prices in currency units, times RFC 3339. */
export type OrderRecord = OrderData & {
  readonly status: OrderStatus
  /** Why it was rejected. */
  readonly reason?: string
  /** Why it could not be cancelled. */
  readonly notice?: string
  /** The price at which it was filled, and the profit or loss of a sale. */
  readonly price?: number
  readonly realised?: string
  readonly placedAt: string
  readonly updatedAt: string
  /** The offsets of its events: it is erased with any of them, and they with it. The first, and the last ones. */
  readonly offsets?: readonly number[]
}
/** The orders of a user, oldest first. */
export type OrdersState = { readonly orders: readonly OrderRecord[] }

const IS_CLOSED: Readonly<Record<OrderStatus, boolean>> = {
  placed: false,
  accepted: false,
  filled: true,
  rejected: true,
  cancelled: true,
}

function applyOrderEvent(state: OrdersState, input: FoldInput, user: string): OrdersState {
  const data = fieldsOf(input)
  if (data.user !== user || !isId(data.orderId)) return state
  const index = state.orders.findLastIndex(({ orderId }) => orderId === data.orderId)
  const found = state.orders[index]
  const isAgain = found !== undefined && !IS_CLOSED[found.status]
  if (input.event.type === 'market.order.placed' && !isAgain) return add(state, input)
  if (found === undefined) return state
  const changed = change(found, input) ?? found
  return { orders: state.orders.with(index, { ...changed, offsets: addOffset(found.offsets, input.offset) }) }
}

function add({ orders }: OrdersState, input: FoldInput): OrdersState {
  const order = readOrder(fieldsOf(input))
  if (order === null) return { orders }
  const at = plainTime(input.event.time) ?? ''
  const added = {
    ...orderData(order),
    status: 'placed',
    placedAt: at,
    updatedAt: at,
    offsets: [input.offset],
  } as const
  if (orders.length < MAX_ORDERS) return { orders: [...orders, added] }
  const oldest = Math.max(
    0,
    orders.findIndex(({ status }) => IS_CLOSED[status]),
  )
  return { orders: [...orders.toSpliced(oldest, 1), added] }
}

/** Returns the order after an event; undefined if nothing changes. */
function change(order: OrderRecord, input: FoldInput): OrderRecord | undefined {
  const { reason, duplicate, price, realised } = fieldsOf(input)
  const said = typeof reason === 'string' ? reason.slice(0, MAX_REASON) : ''
  const updated = { ...order, updatedAt: plainTime(input.event.time) ?? order.updatedAt }
  const isOpen = !IS_CLOSED[order.status]
  switch (input.event.type) {
    case 'market.order.accepted':
      return order.status === 'placed' ? { ...updated, status: 'accepted' } : undefined
    case 'market.order.rejected':
      return isOpen && !duplicate ? { ...updated, reason: said, status: 'rejected' } : undefined
    case 'market.order.cancelled':
      return isOpen ? { ...updated, status: 'cancelled' } : undefined
    case 'market.order.cancel-refused':
      return { ...updated, notice: said }
    case 'market.order.filled': {
      const units = priceUnits(price)
      if (!isOpen || units === null) return undefined
      const gain = typeof realised === 'string' && realised.length <= 32 ? { realised } : {}
      return { ...updated, ...gain, status: 'filled', price: priceNumber(units) }
    }
    default:
      return undefined
  }
}

const KEPT_OFFSETS = 20

/** Adds the offset of an event to those of an order or an alert, of which the first and the last ones are kept. */
export function addOffset(offsets: readonly number[] = [], offset: number): readonly number[] {
  const longer = [...offsets, offset]
  return longer.length > KEPT_OFFSETS ? longer.toSpliced(1, 1) : longer
}

/** Whether an erased event is one of an order or an alert. */
export function isOneOf({ offsets = [] }: { readonly offsets?: readonly number[] }, { offset }: ErasedEvent) {
  return offsets.includes(offset)
}

export const ordersView = defineView<OrdersState>({
  description: `A user's last ${MAX_ORDERS} orders with their status: placed, accepted, filled, rejected (with the reason) or cancelled.`,
  lateEvents: "Events apply in the order of the user's partition, not of their times.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = event.type.startsWith('market.order.') ? userOf(event.category) : undefined
    return user === undefined ? [] : [user]
  },
  initial: () => ({ orders: [] }),
  apply: applyOrderEvent,
  erasing: {
    rule: 'An order is removed with any of its events, and its other events of the user are erased too.',
    forget: (state, erased) => {
      const orders = state.orders.filter((one) => !isOneOf(one, erased))
      return orders.length < state.orders.length ? { orders } : state
    },
    related: ({ orders }, erased) =>
      orders
        .filter((one) => isOneOf(one, erased))
        .flatMap(({ offsets = [] }) => offsets.map((offset) => ({ offset }))),
  },
})
