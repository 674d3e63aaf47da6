import { marketViews } from '#shared/domain/market/market-views.ts'
import { priceUnits, sayMoney } from '#shared/domain/market/money.ts'
import type { OrderRecord, OrderStatus, OrdersState } from '#shared/domain/market/orders-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import { sayPrice, sayQuantity, saySigned } from '../money-text.ts'

const NONE: readonly OrderRecord[] = []

/** Returns the orders of the signed-in user, oldest first, live. */
export function useOrders(): LiveView<OrdersState> & { readonly orders: readonly OrderRecord[] } {
  const view = useView(marketViews, 'orders', useAccess().name)
  return { ...view, orders: view.state?.orders ?? NONE }
}

export const ORDER_STATUS: {
  readonly [status in OrderStatus]: {
    readonly word: string
    readonly tone: 'busy' | 'good' | 'bad' | 'plain'
  }
} = {
  placed: { word: 'Being checked', tone: 'busy' },
  accepted: { word: 'Open', tone: 'busy' },
  filled: { word: 'Filled', tone: 'good' },
  rejected: { word: 'Rejected', tone: 'bad' },
  cancelled: { word: 'Cancelled', tone: 'plain' },
}

type Ordered = Pick<OrderRecord, 'side' | 'quantity' | 'symbol' | 'limit'>

/** Writes what an order asks for: "Buy 10 ACME at 101.37 or better". */
export function sayOrder({ side, quantity, symbol, limit }: Ordered): string {
  const what = `${side === 'buy' ? 'Buy' : 'Sell'} ${sayQuantity(quantity)} ${symbol}`
  return limit === undefined ? what : `${what} at ${sayPrice(limit)} or better`
}

/** Writes the result of an order, in one sentence. `undefined`: it is not yet in the view. */
export function sayOutcome(order: OrderRecord | undefined): string {
  if (order === undefined) return 'Sent. Waiting for the market…'
  switch (order.status) {
    case 'placed':
      return 'Placed. Cash and shares are being checked…'
    case 'accepted':
      return order.kind === 'limit'
        ? `Open. It waits for ${sayPrice(order.limit)}.`
        : 'Accepted. Being filled…'
    case 'filled':
      return sayFill(order)
    case 'rejected':
      return `Rejected. ${order.reason ?? ''}`.trim()
    case 'cancelled':
      return 'Cancelled.'
  }
}

function sayFill({ side, quantity, symbol, price, realised }: OrderRecord): string {
  const units = priceUnits(price) ?? 0
  const total = sayMoney(BigInt(units) * BigInt(quantity))
  const done = side === 'buy' ? 'Bought' : 'Sold'
  const gain = realised === undefined ? '' : ` Realised gain: ${saySigned(realised)}.`
  return `Filled. ${done} ${sayQuantity(quantity)} ${symbol} at ${sayPrice(price)} for ${total}.${gain}`
}
