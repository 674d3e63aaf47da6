import { CandleHistory } from './chart/candle-history.tsx'
import { useMarketAddress } from './market-address.ts'
import { ChartBar, SymbolGate } from './symbol-choice.tsx'
import { OrderHistory } from './trading/own-orders.tsx'

/** The past: the user's orders, and the candles of any period. */
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
