import { AccountStrip } from './account-strip.tsx'
import { ChartBar } from './chart-bar.tsx'
import { LiveChart } from './live-chart.tsx'
import { SymbolGate } from './symbol-gate.tsx'
import { useMarketAddress } from './use-market-address.ts'
import { WatchList } from './watch-list.tsx'

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
