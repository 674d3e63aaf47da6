import { BookCard } from './book-card.tsx'
import { IntervalChoice } from './interval-choice.tsx'
import { LiveChart } from './live-chart.tsx'
import { OpenOrders } from './open-orders.tsx'
import { OrderTicket } from './order-ticket.tsx'
import { SymbolGate } from './symbol-gate.tsx'
import { useMarketAddress } from './use-market-address.ts'
import './trading-tab.css'

/** A ticket, what waits, and the price beside it. */
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
