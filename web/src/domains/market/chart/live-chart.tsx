import { candleKey } from '#shared/domain/market/candle-views.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import type { Interval } from '#shared/domain/market/series.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { sayChange, sayPrice, sayQuantity } from '../money-text.ts'
import { ChangeText, Flash } from '../price-text.tsx'
import { useQuote } from '../use-quotes.ts'
import { CandleChart, useCandles } from './candle-chart.tsx'

/** The last hundred candles of a symbol, as they grow. */
export function LiveChart({ symbol, interval }: { symbol: string; interval: Interval }) {
  const key = candleKey(symbol, interval)
  const view = useView(marketViews, 'candles', key)
  const candles = useCandles(view.state, key)
  return (
    <Card title={`${symbol}, ${interval}`} aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <QuoteHead symbol={symbol} />
      <ViewBody what="the candles" of={[view]} lines={10}>
        {candles.length === 0 ? (
          <StateMessage
            kind="empty"
            title={`No candles of ${symbol}`}
            detail="The first one begins with the first trade."
          />
        ) : (
          <CandleChart name={`${symbol}, ${interval}`} candles={candles} />
        )}
      </ViewBody>
    </Card>
  )
}

/** A symbol's last price, large, and its day so far. */
function QuoteHead({ symbol }: { symbol: string }) {
  const { quote } = useQuote(symbol)
  if (quote === null)
    return (
      <p className="market-note" role="status">
        Nothing has been traded under {symbol} yet.
      </p>
    )
  return (
    <div className="quote-head">
      <strong className="quote-last">
        <Flash value={quote.last}>{sayPrice(quote.last)}</Flash>
      </strong>
      <span className="quote-change">
        {sayChange(quote.change)} <ChangeText percent={quote.changePercent} />
      </span>
      <dl className="quote-day">
        <Fact name="Open" text={sayPrice(quote.open)} />
        <Fact name="High" text={sayPrice(quote.high)} />
        <Fact name="Low" text={sayPrice(quote.low)} />
        <Fact name="Volume" text={sayQuantity(quote.volume)} />
      </dl>
    </div>
  )
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}
