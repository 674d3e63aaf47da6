import type { FoldInput } from '#shared/domain/define-domain.ts'
import { SYMBOL_PATTERN, userChannel } from '#shared/domain/market/market-channels.ts'
import { priceUnits, sayMoney } from '#shared/domain/market/money.ts'
import { MAX_QUANTITY, type OrderKind, type Side } from '#shared/domain/market/orders-view.ts'
import { judge, type PortfolioState } from '#shared/domain/market/portfolio-view.ts'
import { PRICE_WANTED, readPrice, readWhole } from '../money-text.ts'

/** A ticket as it is typed. */
export type OrderDraft = {
  readonly symbol: string
  readonly side: Side
  readonly kind: OrderKind
  readonly quantity: string
  readonly limit: string
}
export type DraftErrors = { readonly [field in 'symbol' | 'quantity' | 'limit']?: string }
/** The data of `market.order.placed`. */
export type OrderData = {
  readonly orderId: string
  readonly user: string
  readonly symbol: string
  readonly side: Side
  readonly kind: OrderKind
  readonly quantity: number
  readonly limit?: number
}

/** Returns what is wrong with a ticket, by field; an empty object for a valid one. */
export function checkDraft({ symbol, kind, quantity, limit }: OrderDraft): DraftErrors {
  return {
    ...(!SYMBOL_PATTERN.test(symbol) && { symbol: 'Choose what to trade.' }),
    ...(readWhole(quantity, MAX_QUANTITY) === null && {
      quantity: `Enter a whole number from 1 to ${MAX_QUANTITY.toLocaleString('en')}.`,
    }),
    ...(kind === 'limit' &&
      readPrice(limit) === null && {
        limit: PRICE_WANTED,
      }),
  }
}

/** Returns the order of a ticket for which `checkDraft` finds nothing wrong. */
export function toOrder(draft: OrderDraft, orderId: string, user: string): OrderData {
  const { symbol, side, kind } = draft
  const order = { orderId, user, symbol, side, kind, quantity: readWhole(draft.quantity, MAX_QUANTITY) ?? 0 }
  const limit = kind === 'limit' ? readPrice(draft.limit) : null
  return limit === null ? order : { ...order, limit }
}

/**
 * Returns why the server would reject an order now, or null if it would accept it. It is the fold that the server
 * uses. The server may still decide otherwise, because prices move and other orders may come first.
 */
export function orderProblem(portfolio: PortfolioState, order: OrderData): string | null {
  const event = {
    id: order.orderId,
    source: 'ticket',
    type: 'market.order.placed',
    category: userChannel(order.user),
    data: order,
  }
  const input: FoldInput = { topic: '', partition: 0, offset: 0, event }
  const rejection = judge(portfolio, input, order.user).emissions.find(
    ({ type }) => type === 'market.order.rejected',
  )
  const { reason } = (rejection?.data ?? {}) as { readonly reason?: string }
  return reason ?? null
}

/** Returns what an order costs or brings at its limit or the last price, in 1/10,000; null if no price is known. */
export function estimate({ quantity, limit, kind }: OrderDraft, last: number | null): bigint | null {
  const shares = readWhole(quantity, MAX_QUANTITY)
  const units = priceUnits(kind === 'limit' ? readPrice(limit) : last)
  return shares === null || units === null ? null : BigInt(units) * BigInt(shares)
}

/** Returns a warning if a market order would cost more than the free cash at the last price; otherwise null. */
export function costProblem({ side, kind }: OrderDraft, cost: bigint | null, free: bigint): string | null {
  if (side !== 'buy' || kind !== 'market' || cost === null || cost <= free) return null
  return `At the last price this costs ${sayMoney(cost)}, and ${sayMoney(free)} of the cash is free: it would be rejected.`
}
