import { defineView } from '../define-domain.ts'
import { analyseVolume } from './analyse-volume.ts'
import { symbolChannel, symbolOf } from './market-channels.ts'
import { readTick } from './read-tick.ts'
import { addTick, EMPTY_SERIES, INTERVALS, mergeSeries, type Series } from './series.ts'

/** How many minutes with trades are kept. */
export const VOLUME_MINUTES = 60

export type VolumeState = Series

export const volumeView = defineView<VolumeState>({
  description: `A symbol's volume over its last ${VOLUME_MINUTES} minutes with trades: the current minute against the average, the trend, the correlation of price and volume, and volume by price.`,
  lateEvents:
    'A tick goes to the minute of its time. One from before the minutes kept is only counted as late.',
  channels: ['market.tick.*'],
  channelsOf: (symbol) => [symbolChannel('tick', symbol)],
  keys: ({ event }) => {
    const symbol = event.type === 'market.tick' ? symbolOf(event.category) : undefined
    return symbol === undefined ? [] : [symbol]
  },
  initial: () => EMPTY_SERIES,
  apply: (state, input) => {
    const tick = readTick(input)
    return tick === null ? state : addTick(state, tick, INTERVALS['1m'], VOLUME_MINUTES)
  },
  merge: mergeSeries,
  present: ({ bars }, now, symbol) => analyseVolume(symbol, bars, now),
})
