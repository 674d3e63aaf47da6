import { IntervalChoice } from './interval-choice.tsx'
import { SymbolSelect } from './symbol-select.tsx'
import { useMarketAddress } from './use-market-address.ts'

/** What is looked at: both choices are part of the address. */
export function ChartBar({ symbol, withInterval = true }: { symbol: string; withInterval?: boolean }) {
  const { change } = useMarketAddress()
  return (
    <div className="market-bar">
      <SymbolSelect value={symbol} onChange={(next) => change({ symbol: next })} />
      {withInterval && <IntervalChoice />}
    </div>
  )
}
