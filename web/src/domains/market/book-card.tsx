import { type Book, type BookState, bookView } from '#shared/domain/market/book-view.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { FreshnessBadge } from '#web/live/freshness-badge.tsx'
import { useView } from '#web/live/use-view.ts'
import { ViewBody } from '#web/live/view-body.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { presentView } from './present-view.ts'
import { sayPrice, sayQuantity } from './say-money.ts'

const SHOWN = 5

/** The limit orders of everybody that wait for a symbol, best price first. */
export function BookCard({ symbol }: { symbol: string }) {
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
