import { Badge } from '#web/ui/data/badge.tsx'
import type { OrderData } from './check-order.ts'
import { sayOrder, sayOutcome } from './say-order.ts'
import { ORDER_STATUS, useOrders } from './use-orders.ts'

/** An order that was sent from here. `failed`: the server did not take it. */
export type Sent =
  | { readonly order: OrderData; readonly state: 'sending' | 'sent' }
  | { readonly order: OrderData; readonly state: 'failed'; readonly reason: string }

/** What became of the order that was just sent. */
export function OrderOutcome({ sent }: { sent: Sent }) {
  const { orders } = useOrders()
  const order = orders.find(({ orderId }) => orderId === sent.order.orderId)
  const status = order && ORDER_STATUS[order.status]
  const isFailed = sent.state === 'failed'
  return (
    <div className={`outcome outcome-${isFailed ? 'bad' : (status?.tone ?? 'busy')}`} role="status">
      <Badge tone={isFailed ? 'bad' : (status?.tone ?? 'busy')}>
        {isFailed ? 'Not sent' : (status?.word ?? 'Sent')}
      </Badge>
      <strong>{sayOrder(sent.order)}</strong>
      <p>{isFailed ? sent.reason : sayOutcome(order)}</p>
    </div>
  )
}
