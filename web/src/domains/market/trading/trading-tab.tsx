import type { Book } from '#shared/domain/market/book-view.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { usePresentedView } from '#web/live/use-presented-view.ts'
import { ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { LiveChart } from '../chart/live-chart.tsx'
import { useMarketAddress } from '../market-address.ts'
import { sayPrice, sayQuantity } from '../money-text.ts'
import { IntervalChoice, SymbolGate } from '../symbol-choice.tsx'
import { useQuote } from '../use-quotes.ts'
import { OrderTicket } from './order-ticket.tsx'
import { useOrders } from './orders.ts'
import { OpenOrders } from './own-orders.tsx'
import './trading-tab.css'

/** A ticket and the waiting orders; beside them the chart and the user's open orders. */
export function TradingTab() {
  const { interval, change } = useMarketAddress()
  return (
    <SymbolGate>
      {(symbol) => (
        <div className="market-side">
          <div className="market-column">
            <OrderTicket symbol={symbol} onSymbol={(next) => change({ symbol: next })} />
            <BookCard symbol={symbol} />
          </div>
          <div className="market-column">
            <IntervalChoice />
            <LiveChart symbol={symbol} interval={interval} />
            <OpenOrders />
          </div>
        </div>
      )}
    </SymbolGate>
  )
}

const SHOWN = 5

/** The waiting limit orders of all users for a symbol, best price first. Its events are for admins, for they name users. */
function BookCard({ symbol }: { symbol: string }) {
  const { state: lastPrice } = useQuote(symbol)
  const { orders } = useOrders()
  const view = usePresentedView<Book>('market', 'book', symbol, [lastPrice, orders])
  const book = view.shown
  const isEmpty = !book || book.buying.length + book.selling.length === 0
  return (
    <Card title={`Waiting for ${symbol}`} aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <ViewBody what="the waiting orders" of={[view]} lines={3}>
        {isEmpty ? (
          <p className="market-note">No limit order waits for {symbol}.</p>
        ) : (
          <div className="market-pair">
            <Side caption="Buying" rows={book.buying} />
            <Side caption="Selling" rows={book.selling} />
          </div>
        )}
      </ViewBody>
    </Card>
  )
}

function Side({ caption, rows }: { caption: string; rows: Book['buying'] }) {
  return (
    <DataTable caption={`${caption}, best price first`}>
      <thead>
        <tr>
          <th scope="col">{caption}</th>
          <th scope="col" className="number">
            Shares
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, SHOWN).map(({ limit, quantity }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: nobody's orders have names here
          <tr key={index}>
            <td>{sayPrice(limit)}</td>
            <td className="number">{sayQuantity(quantity)}</td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}
