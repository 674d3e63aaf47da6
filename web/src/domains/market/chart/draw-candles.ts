import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  type IChartApi,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Candle } from '#shared/domain/market/candle-views.ts'
import { formatTime, type Zone } from '#web/ui/data/format.ts'

import { planUpdate } from './plan-update.ts'

/** Candles above, volume below. This module is loaded when a chart is first shown. */
export type DrawnCandles = {
  /** Shows candles, oldest first; `fit` also moves them into view. */
  readonly show: (candles: readonly Candle[], fit: boolean) => void
  /** Takes the colours of the theme in force, and writes times in a zone. */
  readonly paint: (zone: Zone) => void
  /** Makes the candles wider (above 1) or narrower. */
  readonly zoom: (factor: number) => void
  readonly toLatest: () => void
  readonly remove: () => void
}

/** How wide a candle gets with the space around it, in pixels. */
const [NARROWEST, WIDEST_FITTED, WIDEST] = [2, 14, 60] as const

/** Draws into an element, which it fills. `onPoint` is called with the time of the candle that is pointed at, or null. */
export function drawCandles(element: HTMLElement, onPoint: (time: number | null) => void): DrawnCandles {
  const chart = createEmptyChart(element)
  chart.subscribeCrosshairMove(({ time }) => onPoint(typeof time === 'number' ? time : null))
  const series = addSeries(chart)
  const scale = chart.timeScale()
  let shown: readonly Candle[] = []
  return {
    show(candles, fit) {
      const plan = planUpdate(shown, candles)
      shown = candles
      if (plan.kind === 'reset') series.set(candles)
      if (plan.kind === 'update') series.update(plan.candles)
      if (plan.kind !== 'none') series.mark(candles.at(-1))
      if (fit) fitCandles(chart, candles.length)
    },
    paint(zone) {
      const colors = readColors(element)
      paintChart(chart, colors, zone)
      series.paint(colors)
      series.set(shown)
    },
    zoom(factor) {
      const wanted = scale.options().barSpacing * factor
      scale.applyOptions({ barSpacing: Math.max(NARROWEST, Math.min(WIDEST, wanted)) })
    },
    toLatest: () => scale.scrollToRealTime(),
    remove: () => chart.remove(),
  }
}

function createEmptyChart(element: HTMLElement): IChartApi {
  return createChart(element, {
    autoSize: true,
    // Its logo comes with an inline style sheet, which our Content-Security-Policy forbids: it is named below the chart.
    layout: { attributionLogo: false, fontSize: 12 },
    // The wheel scrolls the page.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderVisible: false, timeVisible: true, rightOffset: 2 },
  })
}

function paintChart(chart: IChartApi, colors: ChartColors, zone: Zone): void {
  chart.applyOptions({
    layout: { background: { color: colors.ground }, textColor: colors.text },
    grid: { vertLines: { color: colors.line }, horzLines: { color: colors.line } },
    localization: { timeFormatter: (time: Time) => sayChartTime(Number(time), zone) },
    timeScale: { tickMarkFormatter: (time: Time, mark: number) => sayTick(Number(time), mark, zone) },
  })
}

/** Shows all candles if they fit. A few of them are not blown up, and are shown at the right. */
function fitCandles(chart: IChartApi, count: number): void {
  const scale = chart.timeScale()
  scale.fitContent()
  if (scale.width() / (count + 2) <= WIDEST_FITTED) return
  scale.applyOptions({ barSpacing: WIDEST_FITTED })
  scale.scrollToPosition(2, false)
}

/** The two series, which show the same candles. */
function addSeries(chart: IChartApi) {
  // The label of a hollow candle would have the colour of the ground: the line of the last price is our own.
  const plain = { priceLineVisible: false, lastValueVisible: false }
  const prices = chart.addSeries(CandlestickSeries, plain)
  const volumes = chart.addSeries(HistogramSeries, {
    ...plain,
    priceScaleId: '',
    priceFormat: { type: 'volume' },
  })
  prices.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.26 } })
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } })
  const line = prices.createPriceLine({ price: 0, lineVisible: false, axisLabelVisible: false, lineStyle: 1 })
  let colors: ChartColors | null = null

  const candleOf = ({ time, open, high, low, close }: Candle) => ({
    time: time as UTCTimestamp,
    open,
    high,
    low,
    close,
  })
  const volumeOf = ({ time, open, close, volume }: Candle) => ({
    time: time as UTCTimestamp,
    value: volume,
    ...(colors && { color: close >= open ? colors.upVolume : colors.downVolume }),
  })
  return {
    set(candles: readonly Candle[]) {
      prices.setData(candles.map(candleOf))
      volumes.setData(candles.map(volumeOf))
    },
    update(candles: readonly Candle[]) {
      for (const candle of candles) {
        prices.update(candleOf(candle))
        volumes.update(volumeOf(candle))
      }
    },
    mark(last: Candle | undefined) {
      const isThere = last !== undefined
      line.applyOptions({
        lineVisible: isThere,
        axisLabelVisible: isThere,
        ...(last && { price: last.close }),
      })
    },
    paint(next: ChartColors) {
      colors = next
      line.applyOptions({ color: next.text })
      // Rising candles are hollow, so that they differ without their colour.
      prices.applyOptions({
        upColor: next.ground,
        borderUpColor: next.up,
        wickUpColor: next.up,
        downColor: next.down,
        borderDownColor: next.down,
        wickDownColor: next.down,
      })
    },
  }
}

/** The colours of a chart, as a canvas takes them. */
type ChartColors = {
  readonly ground: string
  readonly text: string
  readonly line: string
  readonly up: string
  readonly down: string
  readonly upVolume: string
  readonly downVolume: string
}

/** Reads the tokens of the theme in force: a canvas knows no custom properties. */
function readColors(element: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  element.append(probe)
  const color = (value: string) => {
    probe.style.color = value
    return getComputedStyle(probe).color
  }
  const colors = {
    ground: color('var(--surface)'),
    text: color('var(--text-2)'),
    line: color('var(--line)'),
    up: color('var(--good)'),
    down: color('var(--bad)'),
    upVolume: faint(color('var(--good)')),
    downVolume: faint(color('var(--bad)')),
  }
  probe.remove()
  return colors
}

function faint(color: string): string {
  return color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.4)')
}

/** What a mark of the time axis shows, in the order of the chart library's TickMarkType. */
const MARKS: readonly Intl.DateTimeFormatOptions[] = [
  { year: 'numeric' },
  { month: 'short' },
  { day: 'numeric', month: 'short' },
  { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
]

/** Writes a mark of the time axis in a zone. `time` is in seconds since 1970. */
function sayTick(time: number, mark: number, zone: Zone): string {
  const options = { ...MARKS[mark], ...(zone === 'utc' && { timeZone: 'UTC' }) }
  return new Intl.DateTimeFormat('en', options).format(time * 1000)
}

/** Writes the time that is pointed at. */
function sayChartTime(time: number, zone: Zone): string {
  return formatTime(time * 1000, zone, 'full')
}
