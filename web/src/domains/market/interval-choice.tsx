import type { Interval } from '#shared/domain/market/series.ts'
import { Segments } from '#web/ui/form/segments.tsx'
import { INTERVAL_NAMES } from './market-address.ts'
import { useMarketAddress } from './use-market-address.ts'

const INTERVALS = INTERVAL_NAMES.map((name) => [name, name] as const)

/** How long a candle is: part of the address. */
export function IntervalChoice() {
  const { interval, change } = useMarketAddress()
  return (
    <Segments<Interval>
      label="Interval of the candles"
      value={interval}
      options={INTERVALS}
      onChange={(next) => change({ interval: next === '1m' ? '' : next })}
    />
  )
}
