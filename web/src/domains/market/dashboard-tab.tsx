import { memo, useMemo } from 'react'
import type { QuoteState } from '#shared/domain/market/quotes-view.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { LiveChart } from './chart/live-chart.tsx'
import { useMarketAddress } from './market-address.ts'
import { sayPrice, sayQuantity } from './money-text.ts'
import { AccountStrip } from './portfolio/account-strip.tsx'
import { ChangeText, Flash } from './price-text.tsx'
import { ChartBar, SymbolGate } from './symbol-choice.tsx'
import { toQuote, useQuotes } from './use-quotes.ts'
import './dashboard-tab.css'

/** The market at a glance: one symbol's chart, everybody's prices, and the own account. */
export function DashboardTab() {
  const { interval } = useMarketAddress()
  return (
    <SymbolGate>
      {(symbol) => (
        <>
          <ChartBar symbol={symbol} />
          <div className="market-split">
            <div className="market-column">
              <LiveChart symbol={symbol} interval={interval} />
              <AccountStrip />
            </div>
            <WatchList />
          </div>
        </>
      )}
    </SymbolGate>
  )
}

/** All symbols with their last prices. A click on one shows it in the chart. The search is part of the address. */
function WatchList() {
  const quotes = useQuotes()
  const { symbol: chosen, search, change } = useMarketAddress()
  const find = (search.find ?? '').toUpperCase()
  const found = quotes.symbols.filter((symbol) => symbol.toUpperCase().includes(find))
  return (
    <Card title="Watch list" className="watch" aside={<FreshnessBadge updatedAt={quotes.updatedAt} />}>
      <input
        type="search"
        aria-label="Find a symbol"
        placeholder="Find a symbol"
        value={search.find ?? ''}
        onChange={({ target }) => change({ find: target.value })}
      />
      <ViewBody what="the prices" of={[quotes]} lines={8}>
        {found.length === 0 ? (
          <StateMessage kind="filtered" title={`No symbol has “${search.find ?? ''}” in it`}>
            <Button onClick={() => change({ find: '' })}>Show all symbols</Button>
          </StateMessage>
        ) : (
          <DataTable caption="Last prices">
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                <th scope="col" className="number">
                  Last
                </th>
                <th scope="col" className="number">
                  Day
                </th>
                <th scope="col" className="number watch-volume">
                  Volume
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((symbol) => (
                <WatchRow
                  key={symbol}
                  symbol={symbol}
                  state={quotes.states.get(symbol)}
                  isChosen={symbol === chosen}
                  onChoose={change}
                />
              ))}
            </tbody>
          </DataTable>
        )}
      </ViewBody>
    </Card>
  )
}

type RowProps = {
  readonly symbol: string
  readonly state: QuoteState | undefined
  readonly isChosen: boolean
  readonly onChoose: (change: { readonly symbol: string }) => void
}

/** Redrawn only when its own symbol is traded. */
const WatchRow = memo(function WatchRow({ symbol, state, isChosen, onChoose }: RowProps) {
  const quote = useMemo(() => toQuote(state, symbol), [state, symbol])
  if (quote === null) return null
  return (
    <tr className={isChosen ? 'watch-chosen' : undefined}>
      <th scope="row">
        <button
          type="button"
          className="watch-symbol"
          aria-pressed={isChosen}
          onClick={() => onChoose({ symbol })}
        >
          {symbol}
        </button>
      </th>
      <td className="number">
        <Flash value={quote.last}>{sayPrice(quote.last)}</Flash>
      </td>
      <td className="number">
        <ChangeText percent={quote.changePercent} />
      </td>
      <td className="number watch-volume">{sayQuantity(quote.volume)}</td>
    </tr>
  )
})
