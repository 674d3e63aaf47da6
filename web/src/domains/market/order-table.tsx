import type { ReactNode } from 'react'
import type { OrderRecord } from '#shared/domain/market/orders-view.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { directionOf, sayPrice, saySigned } from './say-money.ts'
import { sayOrder } from './say-order.ts'
import { ORDER_STATUS } from './use-orders.ts'

type Props = {
  readonly caption: string
  readonly orders: readonly OrderRecord[]
  readonly actions?: (order: OrderRecord) => ReactNode
}

/** Orders with their status; a rejection with its reason. */
export function OrderTable({ caption, orders, actions }: Props) {
  return (
    <DataTable caption={caption} narrow="cards">
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">Status</th>
          <th scope="col" className="number">
            Price
          </th>
          <th scope="col" className="number">
            Gain
          </th>
          <th scope="col">Placed</th>
          {actions && (
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <OrderRow key={`${order.orderId} ${order.placedAt}`} order={order} actions={actions} />
        ))}
      </tbody>
    </DataTable>
  )
}

function OrderRow({ order, actions }: { order: OrderRecord; actions: Props['actions'] }) {
  const { word, tone } = ORDER_STATUS[order.status]
  const { realised, reason, notice } = order
  return (
    <tr>
      <th scope="row">
        {sayOrder(order)}
        {(reason ?? notice) && <p className="order-reason">{reason ?? notice}</p>}
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
      </td>
      <td className="number" data-label="Price">
        {sayPrice(order.price)}
      </td>
      <td className={`number money-${directionOf(realised ?? '')}`} data-label="Gain">
        {realised === undefined ? '—' : saySigned(realised)}
      </td>
      <td data-label="Placed">
        <Time value={order.placedAt} />
      </td>
      {actions && <td className="actions">{actions(order)}</td>}
    </tr>
  )
}
