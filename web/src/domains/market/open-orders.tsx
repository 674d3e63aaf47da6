import { useState } from 'react'
import type { OrderRecord } from '#shared/domain/market/orders-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge } from '#web/live/freshness-badge.tsx'
import { describeFailure, usePostEvent } from '#web/live/use-post-event.ts'
import { useRefusal } from '#web/live/use-refusal.ts'
import { ViewBody } from '#web/live/view-body.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { OrderTable } from './order-table.tsx'
import { sayOrder } from './say-order.ts'
import { isOpen, useOrders } from './use-orders.ts'

/** The orders that wait for their price, each with its way out. */
export function OpenOrders() {
  const view = useOrders()
  const refusal = useRefusal([view])
  const { asked, cancel } = useCancelling()
  const open = view.orders.filter(isOpen).toReversed()
  return (
    <Card title="Open orders" aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <ViewBody what="your orders" of={[view]}>
        {open.length === 0 ? (
          <StateMessage
            kind="empty"
            title="No order is open"
            detail="Limit orders wait here until their price is met."
          />
        ) : (
          <OrderTable
            caption="Open orders"
            orders={open}
            actions={(order) => (
              <Button
                small
                refused={
                  refusal ??
                  (asked.has(order.orderId) && order.notice === undefined ? 'Being cancelled.' : null)
                }
                aria-label={`Cancel: ${sayOrder(order)}`}
                onClick={() => void cancel(order)}
              >
                {asked.has(order.orderId) && order.notice === undefined ? 'Cancelling…' : 'Cancel'}
              </Button>
            )}
          />
        )}
      </ViewBody>
    </Card>
  )
}

/** Asks to cancel orders; `asked` are those that were asked for from here. */
function useCancelling() {
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set())
  const { name } = useAccess()
  const post = usePostEvent()
  async function cancel(order: OrderRecord) {
    const { orderId } = order
    setAsked(new Set([...asked, orderId]))
    try {
      await post({ type: 'market.order.cancel-requested', subject: orderId, data: { orderId, user: name } })
    } catch (error) {
      setAsked((before) => new Set([...before].filter((one) => one !== orderId)))
      showToast({ tone: 'bad', title: 'The order was not cancelled', detail: describeFailure(error) })
    }
  }
  return { asked, cancel }
}
