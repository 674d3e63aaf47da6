export type Point = readonly [x: number, y: number]
export type Series = {
  readonly name: string
  /** Which of the colours it has; series of one subject share theirs. */
  readonly color: number
  readonly isDashed?: boolean
  readonly points: readonly Point[]
}
export type Axis = { readonly label: string; readonly isLog?: boolean }
type Chart = {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

const SIZE = { width: 760, height: 380 }
const PLOT = { left: 70, right: 560, top: 40, bottom: 320 }
const LINE = 18
/** Of Okabe and Ito, https://jfly.uni-koeln.de/color/: distinct for everybody, readable on light and on dark. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
const STYLE = `text{font:13px system-ui,sans-serif;fill:#24292f}.axis{stroke:#8c959f}.grid{stroke:#d0d7de}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}}`

/** Returns a line chart as SVG. It follows the reader's light or dark theme, and has a table beside it for everything else. */
export function lineChart({ title, x, y, series }: Chart): string {
  const points = series.flatMap((each) => each.points)
  const toX = scaleOf(
    points.map(([value]) => value),
    x,
    [PLOT.left, PLOT.right],
  )
  const toY = scaleOf(
    points.map(([, value]) => value),
    y,
    [PLOT.bottom, PLOT.top],
  )
  const parts = [
    `<text x="${PLOT.left}" y="20" font-weight="600">${escapeText(title)}</text>`,
    ...toY.ticks.map((value) => gridLine(toY.place(value), value)),
    ...toX.ticks.map(
      (value) =>
        `<text x="${fixed(toX.place(value))}" y="${PLOT.bottom + LINE}" text-anchor="middle">${short(value)}</text>`,
    ),
    `<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}"/>`,
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text transform="translate(16 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.label)}</text>`,
    ...series.flatMap((each, index) => drawSeries(each, index, toX.place, toY.place)),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${escapeText(title)}">
<style>${STYLE}</style>
${parts.join('\n')}
</svg>
`
}

type Place = (value: number) => number

function drawSeries(
  { name, color, isDashed, points }: Series,
  index: number,
  toX: Place,
  toY: Place,
): string[] {
  const stroke = `stroke="${COLORS[color % COLORS.length]}" stroke-width="2"${isDashed ? ' stroke-dasharray="5 4"' : ''}`
  const path = points.map(([a, b]) => `${fixed(toX(a))},${fixed(toY(b))}`).join(' ')
  const y = PLOT.top + index * LINE
  return [
    `<polyline fill="none" ${stroke} points="${path}"/>`,
    `<line x1="${PLOT.right + 14}" x2="${PLOT.right + 38}" y1="${y}" y2="${y}" ${stroke}/>`,
    `<text x="${PLOT.right + 44}" y="${y + 4}">${escapeText(name)}</text>`,
  ]
}

function gridLine(y: number, value: number): string {
  return `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${fixed(y)}" y2="${fixed(y)}"/><text x="${PLOT.left - 6}" y="${fixed(y + 4)}" text-anchor="end">${short(value)}</text>`
}

/** Returns where a value is between two pixels, and the values to write on the axis. */
export function scaleOf(
  values: readonly number[],
  { isLog = false }: Axis,
  [from, to]: readonly [number, number],
) {
  const shown = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0))
  const ticks = isLog ? powersAround(shown) : stepsAround(shown)
  const map = (value: number) => (isLog ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value)
  const [low, high] = [map(ticks[0] ?? 0), map(ticks.at(-1) ?? 1)]
  const place: Place = (value) => {
    const part = (map(value) - low) / (high - low || 1)
    return from + Math.min(1, Math.max(0, part)) * (to - from)
  }
  return { ticks, place }
}

/** The powers of ten around the values. */
function powersAround(values: readonly number[]): number[] {
  if (values.length === 0) return [1, 10]
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
}

/** From 0 to the maximum in four to eight round steps. */
function stepsAround(values: readonly number[]): number[] {
  const max = Math.max(1e-9, ...values)
  const power = 10 ** Math.floor(Math.log10(max))
  const step = [0.1, 0.2, 0.5, 1, 2].map((part) => part * power).find((each) => max / each <= 8) ?? power
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  )
}

function short(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)))
}

function fixed(value: number): string {
  return value.toFixed(1)
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
