import { type Book, type BookState, bookView } from '#shared/domain/market/book-view.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { LiveChart } from '../chart/live-chart.tsx'
import { useMarketAddress } from '../market-address.ts'
import { sayPrice, sayQuantity } from '../money-text.ts'
import { presentView } from '../present-view.ts'
import { IntervalChoice, SymbolGate } from '../symbol-choice.tsx'
import { OrderTicket } from './order-ticket.tsx'
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

/** The waiting limit orders of all users for a symbol, best price first. */
function BookCard({ symbol }: { symbol: string }) {
  const view = useView(marketViews, 'book', symbol)
  const book = view.state && presentView<Book, BookState>(bookView, view.state, symbol)
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
