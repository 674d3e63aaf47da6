import { marketViews } from '#shared/domain/market/market-views.ts'
import type { OrderRecord, OrderStatus, OrdersState } from '#shared/domain/market/orders-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.ts'

const NONE: readonly OrderRecord[] = []

/** The orders of who is signed in, oldest first, live. */
export function useOrders(): LiveView<OrdersState> & { readonly orders: readonly OrderRecord[] } {
  const view = useView(marketViews, 'orders', useAccess().name)
  return { ...view, orders: view.state?.orders ?? NONE }
}

/** Whether an order still waits for something. */
export function isOpen({ status }: OrderRecord): boolean {
  return status === 'placed' || status === 'accepted'
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
