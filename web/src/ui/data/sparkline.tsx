import './sparkline.css'

type Props = {
  /** Oldest first. */
  readonly values: readonly number[]
  /** What the line shows, in words: its accessible name. */
  readonly label: string
  readonly width?: number
  readonly height?: number
}

/** A small line without axes. For axes or more than a few hundred points, use LineChart. */
export function Sparkline({ values, label, width = 120, height = 32 }: Props) {
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
    >
      <path d={sparklinePath(values, width, height)} />
    </svg>
  )
}

/** The SVG path through the values, from edge to edge. A constant line is in the middle. */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  const low = Math.min(...values)
  const span = Math.max(...values) - low
  const step = width / Math.max(1, values.length - 1)
  return values
    .map((value, index) => {
      const share = span === 0 ? 0.5 : (value - low) / span
      const y = 1 + (1 - share) * (height - 2)
      return `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
