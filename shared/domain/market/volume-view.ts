import { defineView } from '#shared/domain/define-domain.ts'
import { analyseVolume } from './analyse-volume.ts'
import { INTERVALS, type Series } from './series.ts'
import { tickSeries } from './tick-series.ts'

/** How many minutes with trades are kept. */
export const VOLUME_MINUTES = 60

export type VolumeState = Series

export const volumeView = defineView<VolumeState>({
  description: `A symbol's volume over its last ${VOLUME_MINUTES} minutes with trades: the current minute against the average, the trend, the correlation of price and volume, and volume by price.`,
  lateEvents:
    'A tick goes to the minute of its time. One from before the minutes kept is only counted as late.',
  ...tickSeries(INTERVALS['1m'], VOLUME_MINUTES),
  present: ({ bars }, now, symbol) => analyseVolume(symbol, bars, now),
})
