import { useMemo } from 'react'
import {
  type Candle,
  type CandleState,
  type Candles,
  candlesView,
} from '#shared/domain/market/candle-views.ts'
import { presentView } from './present-view.ts'

const NONE: readonly Candle[] = []

/** The candles that a state of `candles` or `candle-history` holds, oldest first. */
export function useCandles(state: CandleState | null, key: string): readonly Candle[] {
  return useMemo(
    () => (state === null ? NONE : presentView<Candles, CandleState>(candlesView, state, key).candles),
    [state, key],
  )
}
