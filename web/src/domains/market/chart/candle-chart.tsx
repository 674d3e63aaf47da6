import { useEffect, useMemo, useRef, useState } from 'react'
import {
  type Candle,
  type CandleState,
  type Candles,
  candlesView,
} from '#shared/domain/market/candle-views.ts'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSetting } from '#web/ui/state/settings.ts'
import { useIsDark } from '#web/ui/state/use-media.ts'

import { directionOf, sayPrice, sayQuantity } from '../money-text.ts'
import { presentView } from '../present-view.ts'
import type { DrawnCandles } from './draw-candles.ts'
import './chart.css'

type Props = {
  /** Names what is shown. Under another name all candles are moved into view. */
  readonly name: string
  /** Oldest first. */
  readonly candles: readonly Candle[]
}

/** Candles and volume. Pointing at one shows its numbers; the History tab has all of them in a table. */
export function CandleChart({ name, candles }: Props) {
  const [pointed, setPointed] = useState<number | null>(null)
  const { box, drawn, failed, isDark } = useDrawing(setPointed)
  useShown(drawn, name, candles)
  const last = candles.at(-1)
  if (failed)
    return (
      <StateMessage
        kind="error"
        title="The chart could not be loaded"
        detail="Reload the page to try again."
      />
    )
  return (
    <figure className="candle-chart">
      <CandleLegend candle={candles.find(({ time }) => time === pointed) ?? last} />
      <div
        className="candle-canvas"
        ref={box}
        data-dark={isDark}
        role="img"
        aria-label={`Candles of ${name}: ${candles.length}, the last one closed at ${sayPrice(last?.close)}`}
      />
      <figcaption className="candle-foot">
        <span className="candle-tools">
          <Button small look="quiet" aria-label="Wider candles" onClick={() => drawn?.zoom(1.4)}>
            +
          </Button>
          <Button small look="quiet" aria-label="Narrower candles" onClick={() => drawn?.zoom(1 / 1.4)}>
            −
          </Button>
          <Button small look="quiet" onClick={() => drawn?.toLatest()}>
            Latest
          </Button>
        </span>
        <small>
          TradingView Lightweight Charts™ © 2025{' '}
          <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
            TradingView, Inc.
          </a>
        </small>
      </figcaption>
    </figure>
  )
}

const NONE: readonly Candle[] = []

/** Returns the candles in a state of `candles` or `candle-history`, oldest first. */
export function useCandles(state: CandleState | null, key: string): readonly Candle[] {
  return useMemo(
    () => (state === null ? NONE : presentView<Candles, CandleState>(candlesView, state, key).candles),
    [state, key],
  )
}

/** Loads and draws the chart, in the theme and the time zone of the reader. */
function useDrawing(onPoint: (time: number | null) => void) {
  const box = useRef<HTMLDivElement>(null)
  const [drawn, setDrawn] = useState<DrawnCandles | null>(null)
  const [failed, setFailed] = useState(false)
  const zone = useSetting('times')
  const isDark = useIsDark()
  useEffect(() => {
    let chart: DrawnCandles | null = null
    let isGone = false
    import('./draw-candles.ts')
      .then(({ drawCandles }) => {
        if (isGone || box.current === null) return
        chart = drawCandles(box.current, onPoint)
        setDrawn(chart)
      })
      .catch(() => setFailed(true))
    return () => {
      isGone = true
      setDrawn(null)
      chart?.remove()
    }
  }, [onPoint])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chart reads its colours from the theme
  useEffect(() => {
    drawn?.paint(zone)
  }, [drawn, zone, isDark])
  return { box, drawn, failed, isDark }
}

function useShown(drawn: DrawnCandles | null, name: string, candles: readonly Candle[]) {
  const fitted = useRef<readonly unknown[]>([])
  useEffect(() => {
    const isFitted = fitted.current[0] === drawn && fitted.current[1] === name
    drawn?.show(candles, !isFitted)
    if (drawn && candles.length > 0) fitted.current = [drawn, name]
  }, [drawn, name, candles])
}

const PRICES = ['open', 'high', 'low', 'close'] as const

/** The numbers of the candle that is pointed at, or of the last one. */
function CandleLegend({ candle }: { candle: Candle | undefined }) {
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
