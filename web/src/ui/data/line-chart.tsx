import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useSetting } from '#web/ui/state/settings.ts'
import { useIsDark } from '#web/ui/state/use-media.ts'
import { formatTime } from './format.ts'
import './line-chart.css'

type Series = {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** The name of a colour token, such as `accent`. */
  readonly color: string
}
type Props = {
  /** What the chart shows, in words: its accessible name. */
  readonly label: string
  /** In seconds since the epoch, oldest first. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly height?: number
}

/** Lines over time, drawn by uPlot. Import it lazily. It is created again only if the theme, the zone or its series change. */
export function LineChart({ label, times, series, height = 180 }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot | null>(null)
  const zone = useSetting('times')
  const isDark = useIsDark()
  const names = series.map((one) => `${one.label} ${one.color}`).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the values are set below
  useEffect(() => {
    const element = place.current
    if (!element) return
    const size = () => ({ width: element.clientWidth, height })
    const made = new UPlot({ ...size(), ...lookOf(element, series, zone) }, dataOf(times, series), element)
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize(size()))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [names, height, isDark, zone])
  useEffect(() => chart.current?.setData(dataOf(times, series)), [times, series])
  return <div ref={place} className="line-chart" data-dark={isDark} role="img" aria-label={label} />
}

function dataOf(times: readonly number[], series: readonly Series[]): UPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])]
}

function lookOf(element: HTMLElement, series: readonly Series[], zone: 'utc' | 'local') {
  const style = getComputedStyle(element)
  const axis = {
    stroke: style.color,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: style.borderTopColor, width: 1 },
    ticks: { show: false },
  }
  return {
    cursor: { show: false },
    legend: { show: false },
    axes: [
      {
        ...axis,
        size: 26,
        values: (_: UPlot, ticks: number[]) => ticks.map((tick) => formatTime(tick * 1000, zone)),
      },
      { ...axis, size: 40 },
    ],
    scales: {
      y: {
        range: (_: UPlot, low: number, high: number): [number, number] => [
          Math.min(0, low),
          Math.max(1, high * 1.1),
        ],
      },
    },
    series: [
      {},
      ...series.map(({ label, color }) => ({
        label,
        stroke: resolveColor(element, color),
        width: 1.6,
        points: { show: false },
      })),
    ],
  }
}

/** Returns the value of a colour token in the current theme: a canvas cannot use custom properties. */
function resolveColor(element: HTMLElement, name: string): string {
  const before = element.style.color
  element.style.color = `var(--${name})`
  const { color } = getComputedStyle(element)
  element.style.color = before
  return color
}
