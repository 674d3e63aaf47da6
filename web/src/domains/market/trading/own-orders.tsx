import { type ReactNode, useState } from 'react'
import type { OrderRecord, OrderStatus } from '#shared/domain/market/orders-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useRefusal, ViewBody } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { useMarketAddress } from '../market-address.ts'
import { directionOf, sayPrice, saySigned } from '../money-text.ts'
import { ownDeed } from '../own-deed.ts'
import { ORDER_STATUS, sayOrder, useOrders } from './orders.ts'

/** The orders that wait for their price. Each can be cancelled. */
export function OpenOrders() {
  const view = useOrders()
  const refusal = useRefusal([view], ownDeed(useAccess().name, 'market.order.cancel-requested'))
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

function isOpen({ status }: OrderRecord): boolean {
  return status === 'placed' || status === 'accepted'
}

/** Cancels orders. `asked` has the ids of those that were requested from here. */
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

const STATUSES = Object.keys(ORDER_STATUS) as OrderStatus[]

/** The last orders with their results. The filter by status is part of the address. */
export function OrderHistory() {
  const view = useOrders()
  const { search, change } = useMarketAddress()
  const shown = view.orders.filter(({ status }) => !search.orders || status === search.orders).toReversed()
  return (
    <Card title="My orders" aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <ViewBody what="your orders" of={[view]}>
        {view.orders.length === 0 ? (
          <StateMessage kind="empty" title="No orders yet" detail="What you buy and sell is listed here." />
        ) : (
          <>
            <fieldset className="market-chips">
              <legend className="visually-hidden">Which orders to show</legend>
              {STATUSES.map((status) => (
                <Chip
                  key={status}
                  pressed={search.orders === status}
                  onChange={(pressed) => change({ orders: pressed ? status : '' })}
                >
                  {ORDER_STATUS[status].word}
                </Chip>
              ))}
            </fieldset>
            {shown.length === 0 ? (
              <StateMessage kind="filtered" title="No order has this status">
                <Button onClick={() => change({ orders: '' })}>Show all orders</Button>
              </StateMessage>
            ) : (
              <OrderTable caption="My orders" orders={shown} />
            )}
          </>
        )}
      </ViewBody>
    </Card>
  )
}

type TableProps = {
  readonly caption: string
  readonly orders: readonly OrderRecord[]
  readonly actions?: (order: OrderRecord) => ReactNode
}

/** Orders with their status; a rejection with its reason. */
function OrderTable({ caption, orders, actions }: TableProps) {
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

function OrderRow({ order, actions }: { order: OrderRecord; actions: TableProps['actions'] }) {
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
