import { priceUnits, sayMoney } from '#shared/domain/market/money.ts'
import type { OrderRecord } from '#shared/domain/market/orders-view.ts'
import { sayPrice, sayQuantity, saySigned } from './say-money.ts'

type Ordered = Pick<OrderRecord, 'side' | 'quantity' | 'symbol' | 'limit'>

/** What an order asks for: "Buy 10 ACME at 101.37 or better". */
export function sayOrder({ side, quantity, symbol, limit }: Ordered): string {
  const what = `${side === 'buy' ? 'Buy' : 'Sell'} ${sayQuantity(quantity)} ${symbol}`
  return limit === undefined ? what : `${what} at ${sayPrice(limit)} or better`
}

/** What became of an order, in one sentence. Undefined: the server has not heard of it yet. */
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
