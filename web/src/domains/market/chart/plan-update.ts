import type { Candle } from '#shared/domain/market/candle-views.ts'

/** How a chart changes from the candles that it shows to those that it should show. */
export type ChartUpdate =
  | { readonly kind: 'none' }
  | { readonly kind: 'update'; readonly candles: readonly Candle[] }
  | { readonly kind: 'reset' }

/** Up to this many candles at the end are cheaper to update than to set all. */
const TAIL = 3

/**
 * Returns the smallest change: a chart takes new and changed candles only at its end. Candles that did not change are
 * equal by value. Candles that left the window on the left stay on the chart until it is reset.
 */
export function planUpdate(shown: readonly Candle[], wanted: readonly Candle[]): ChartUpdate {
  const last = shown.at(-1)
  const first = wanted[0]
  if (last === undefined || first === undefined)
    return wanted.length === 0 && !last ? { kind: 'none' } : { kind: 'reset' }
  const known = new Map(shown.map((candle) => [candle.time, candle]))
  const changed = wanted.filter((candle) => !isEqual(known.get(candle.time), candle))
  if (changed.length === 0) return { kind: 'none' }
  const isAtEnd =
    changed.every(({ time }) => time >= last.time) && shown.some(({ time }) => time === first.time)
  return isAtEnd && changed.length <= TAIL ? { kind: 'update', candles: changed } : { kind: 'reset' }
}

function isEqual(one: Candle | undefined, two: Candle): boolean {
  return (
    one !== undefined &&
    one.open === two.open &&
    one.high === two.high &&
    one.low === two.low &&
    one.close === two.close &&
    one.volume === two.volume
  )
}
