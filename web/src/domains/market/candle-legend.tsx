import type { Candle } from '#shared/domain/market/candle-views.ts'
import { Time } from '#web/ui/data/times.tsx'
import { directionOf, sayPrice, sayQuantity } from './say-money.ts'

const PRICES = ['open', 'high', 'low', 'close'] as const

/** The numbers of the candle that is pointed at, or of the last one. */
export function CandleLegend({ candle }: { candle: Candle | undefined }) {
  if (candle === undefined) return <p className="candle-legend">No trades yet</p>
  const direction = directionOf(candle.close - candle.open)
  return (
    <p className="candle-legend">
      <Time value={candle.time * 1000} />
      {PRICES.map((name) => (
        <span key={name}>
          <abbr title={name}>{name[0]?.toUpperCase()}</abbr>{' '}
          <b className={name === 'close' ? `money-${direction}` : undefined}>{sayPrice(candle[name])}</b>
        </span>
      ))}
      <span>
        <abbr title="volume">V</abbr> <b>{sayQuantity(candle.volume)}</b>
      </span>
    </p>
  )
}
