import type { View } from '#shared/domain/define-domain.ts'
import { symbolChannel, symbolOf } from './market-channels.ts'
import { readTick } from './read-tick.ts'
import { addTick, EMPTY_SERIES, mergeSeries, type Series } from './series.ts'

/** The fold of a view that keeps, for each symbol, a series of its ticks: at most `keep` bars of so many minutes. */
export function tickSeries(minutes: number, keep: number) {
  return {
    channels: ['market.tick.*'],
    channelsOf: (symbol) => [symbolChannel('tick', symbol)],
    keys: ({ event }) => {
      const symbol = event.type === 'market.tick' ? symbolOf(event.category) : undefined
      return symbol === undefined ? [] : [symbol]
    },
    initial: () => EMPTY_SERIES,
    apply: (state, input) => {
      const tick = readTick(input)
      return tick === null ? state : addTick(state, tick, minutes, keep)
    },
    merge: mergeSeries,
  } satisfies Partial<View<Series>>
}
