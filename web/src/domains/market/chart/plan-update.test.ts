import { describe, expect, it } from 'vitest'
import type { Candle } from '#shared/domain/market/candle-views.ts'
import { planUpdate } from './plan-update.ts'

const candle = (time: number, close = 10): Candle => ({ time, open: 10, high: 12, low: 9, close, volume: 5 })
const shown = [candle(60), candle(120), candle(180)]

describe('planning the update of a chart', () => {
  it('does nothing where nothing changed', () => {
    expect(planUpdate(shown, [candle(60), candle(120), candle(180)])).toEqual({ kind: 'none' })
    expect(planUpdate([], [])).toEqual({ kind: 'none' })
  })

  it('updates the last candle, and adds the next one', () => {
    const wanted = [candle(60), candle(120), candle(180, 11), candle(240)]
    expect(planUpdate(shown, wanted)).toEqual({ kind: 'update', candles: [candle(180, 11), candle(240)] })
  })

  it('goes on when the window moved to the right', () => {
    const wanted = [candle(120), candle(180), candle(240)]
    expect(planUpdate(shown, wanted)).toEqual({ kind: 'update', candles: [candle(240)] })
  })

  it('sets all where a late trade changed an older candle, or the symbol is another', () => {
    expect(planUpdate(shown, [candle(60), candle(120, 7), candle(180)])).toEqual({ kind: 'reset' })
    expect(planUpdate(shown, [candle(600)])).toEqual({ kind: 'reset' })
    expect(planUpdate(shown, [])).toEqual({ kind: 'reset' })
    expect(planUpdate([], shown)).toEqual({ kind: 'reset' })
  })
})
