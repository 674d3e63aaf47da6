import { memo, useMemo } from 'react'
import { type Candle, candleKey, joinCandles } from '#shared/domain/market/candle-views.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import type { Interval } from '#shared/domain/market/series.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatTime } from '#web/ui/data/format.ts'
import { Time } from '#web/ui/data/times.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSetting } from '#web/ui/state/settings.ts'
import { HOUR_MS, useNowBy } from '#web/ui/state/use-now.ts'
import { useMarketAddress } from '../market-address.ts'
import { sayPrice, sayQuantity } from '../money-text.ts'
import { ChangeText } from '../price-text.tsx'
import { CandleChart, useCandles } from './candle-chart.tsx'
import { type Period, periodAt, readPeriod, writePeriod } from './periods.ts'

type Props = { readonly symbol: string; readonly interval: Interval }

/** The candles of one period, including those that left the live window. The period is part of the address. */
export function CandleHistory({ symbol, interval }: Props) {
  const { search, change } = useMarketAddress()
  const now = useNowBy(HOUR_MS)
  const period = periodAt(symbol, interval, readPeriod(search.at, now))
  const { candles, views, updatedAt } = useCandlesOf(symbol, interval, period)
  const go = (begin: number) => change({ at: begin >= now ? '' : writePeriod(begin) })
  return (
    <Card title={`Candles of ${symbol}, ${interval}`} aside={<FreshnessBadge updatedAt={updatedAt} />}>
      <div className="period">
        <IconButton small icon="left" label="Earlier" onClick={() => go(period.begin - 1)} />
        <PeriodName period={period} />
        <IconButton
          small
          icon="right"
          label="Later"
          refused={period.end > now ? 'This is the latest period.' : null}
          onClick={() => go(period.end)}
        />
        {search.at && (
          <Button small onClick={() => change({ at: '' })}>
            Latest
          </Button>
        )}
      </div>
      <ViewBody what="the candles" of={views} lines={8}>
        {candles.length === 0 ? (
          <StateMessage
            kind="empty"
            title={`No trades of ${symbol} in this period`}
            detail="Earlier or later there may be some."
          />
        ) : (
          <>
            <CandleChart name={`${symbol}, ${interval}, ${period.key}`} candles={candles} />
            <CandleTable candles={candles} />
          </>
        )}
      </ViewBody>
    </Card>
  )
}

function PeriodName({ period }: { period: Period }) {
  const zone = useSetting('times')
  const name = (time: number) => formatTime(time, zone, 'full').replace(/:00( UTC)?$/, '$1')
  return (
    <strong>
      {name(period.begin)} – {name(period.end)}
    </strong>
  )
}

/** History and live window together, cut to the period. */
function useCandlesOf(symbol: string, interval: Interval, { key, begin, end }: Period) {
  const liveKey = candleKey(symbol, interval)
  const history = useView(marketViews, 'candle-history', key)
  const live = useView(marketViews, 'candles', liveKey)
  const old = useCandles(history.state, liveKey)
  const recent = useCandles(live.state, liveKey)
  const candles = useMemo(() => {
    const isInside = ({ time }: Candle) => time * 1000 >= begin && time * 1000 < end
    return joinCandles(old, recent).filter(isInside)
  }, [old, recent, begin, end])
  return { candles, views: [history, live], updatedAt: live.updatedAt ?? history.updatedAt }
}

const PRICES = ['open', 'high', 'low', 'close'] as const

/** Candles as numbers, newest first. */
function CandleTable({ candles }: { candles: readonly Candle[] }) {
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
