import type { OrderStatus } from '#shared/domain/market/orders-view.ts'
import { FreshnessBadge } from '#web/live/freshness-badge.tsx'
import { ViewBody } from '#web/live/view-body.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { CandleHistory } from './candle-history.tsx'
import { ChartBar } from './chart-bar.tsx'
import { OrderTable } from './order-table.tsx'
import { SymbolGate } from './symbol-gate.tsx'
import { useMarketAddress } from './use-market-address.ts'
import { ORDER_STATUS, useOrders } from './use-orders.ts'

/** What was: the own orders, and the candles of any time. */
export function HistoryTab() {
  const { interval } = useMarketAddress()
  return (
    <>
      <OrderHistory />
      <SymbolGate>
        {(symbol) => (
          <>
            <ChartBar symbol={symbol} />
            <CandleHistory symbol={symbol} interval={interval} />
          </>
        )}
      </SymbolGate>
    </>
  )
}

const STATUSES = Object.keys(ORDER_STATUS) as OrderStatus[]

/** The last orders with what came of them; the filter by status is part of the address. */
function OrderHistory() {
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
