import { memo } from 'react'
import type { Candle } from '#shared/domain/market/candle-views.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { ChangeText } from './change-text.tsx'
import { sayPrice, sayQuantity } from './say-money.ts'

const PRICES = ['open', 'high', 'low', 'close'] as const

/** Candles as numbers, newest first. */
export function CandleTable({ candles }: { candles: readonly Candle[] }) {
  return (
    <div className="candle-table">
      <DataTable caption="Candles, newest first">
        <thead>
          <tr>
            <th scope="col">Begin</th>
            {PRICES.map((name) => (
              <th key={name} scope="col" className="number">
                {`${name[0]?.toUpperCase()}${name.slice(1)}`}
              </th>
            ))}
            <th scope="col" className="number">
              Change
            </th>
            <th scope="col" className="number">
              Volume
            </th>
          </tr>
        </thead>
        <tbody>
          {candles.toReversed().map((candle) => (
            <CandleRow key={candle.time} {...candle} />
          ))}
        </tbody>
      </DataTable>
    </div>
  )
}

/** Its numbers are its properties, so that only the last candle is drawn again with a trade. */
const CandleRow = memo(function CandleRow({ time, volume, ...prices }: Candle) {
  return (
    <tr>
      <th scope="row">
        <Time value={time * 1000} full />
      </th>
      {PRICES.map((name) => (
        <td key={name} className="number">
          {sayPrice(prices[name])}
        </td>
      ))}
      <td className="number">
        <ChangeText percent={(prices.close / prices.open - 1) * 100} />
      </td>
      <td className="number">{sayQuantity(volume)}</td>
    </tr>
  )
})
