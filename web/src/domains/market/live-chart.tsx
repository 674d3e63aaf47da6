import { candleKey } from '#shared/domain/market/candle-views.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import type { Interval } from '#shared/domain/market/series.ts'
import { FreshnessBadge } from '#web/live/freshness-badge.tsx'
import { useView } from '#web/live/use-view.ts'
import { ViewBody } from '#web/live/view-body.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { CandleChart } from './candle-chart.tsx'
import { QuoteHead } from './quote-head.tsx'
import { useCandles } from './use-candles.ts'

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
