import { defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { userChannel, userOf } from './market-channels.ts'
import { priceNumber, priceUnits } from './money.ts'
import { isId, type OrderData, orderData, readOrder } from './order.ts'
import { fieldsOf } from './read-tick.ts'

/** How many orders are kept; of more the oldest that is over goes first. */
export const MAX_ORDERS = 200
const MAX_REASON = 200

export type OrderStatus = 'placed' | 'accepted' | 'filled' | 'rejected' | 'cancelled'

/** An order with what came of it; prices in currency units, times RFC 3339. */
export type OrderRecord = OrderData & {
  readonly status: OrderStatus
  /** Why it was rejected. */
  readonly reason?: string
  /** Why it could not be cancelled. */
  readonly notice?: string
  /** What it was filled at, and the profit or loss of a sale. */
  readonly price?: number
  readonly realised?: string
  readonly placedAt: string
  readonly updatedAt: string
}
/** The orders of a user, oldest first. */
export type OrdersState = { readonly orders: readonly OrderRecord[] }

const IS_OVER: Readonly<Record<OrderStatus, boolean>> = {
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
  if (input.event.type === 'market.order.placed')
    return found && !IS_OVER[found.status] ? state : add(state, input)
  const changed = found && change(found, input)
  return changed === undefined ? state : { orders: state.orders.with(index, changed) }
}

function add({ orders }: OrdersState, input: FoldInput): OrdersState {
  const order = readOrder(fieldsOf(input))
  if (order === null) return { orders }
  const at = input.event.time ?? ''
  const added = { ...orderData(order), status: 'placed', placedAt: at, updatedAt: at } as const
  if (orders.length < MAX_ORDERS) return { orders: [...orders, added] }
  const oldest = Math.max(
    0,
    orders.findIndex(({ status }) => IS_OVER[status]),
  )
  return { orders: [...orders.toSpliced(oldest, 1), added] }
}

/** What an event makes of an order that it concerns; undefined where it changes nothing. */
function change(order: OrderRecord, input: FoldInput): OrderRecord | undefined {
  const { reason, duplicate, price, realised } = fieldsOf(input)
  const said = typeof reason === 'string' ? reason.slice(0, MAX_REASON) : ''
  const updated = { ...order, updatedAt: input.event.time ?? order.updatedAt }
  const isOpen = !IS_OVER[order.status]
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

export const ordersView = defineView<OrdersState>({
  description: `A user's last ${MAX_ORDERS} orders with their status: placed, accepted, filled, rejected (with the reason) or cancelled.`,
  lateEvents: "Orders count in the order of the user's partition, whatever their time.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = event.type.startsWith('market.order.') ? userOf(event.category) : undefined
    return user === undefined ? [] : [user]
  },
  initial: () => ({ orders: [] }),
  apply: applyOrderEvent,
})
