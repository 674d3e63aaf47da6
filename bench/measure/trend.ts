export type Trend = {
  /** The average of the values, and how much they change in a unit of x. */
  readonly mean: number
  readonly slope: number
  /** What the line changes between the first x and the last, as a part of the average; 0 where there is no change. */
  readonly change: number
}

/** Returns the straight line of least squares through points (x, y), in any order; null for fewer than two x. */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend | null {
  const all = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  const xs = all.map(([x]) => x)
  const middle = average(xs)
  const mean = average(all.map(([, y]) => y))
  const spread = xs.reduce((sum, x) => sum + (x - middle) ** 2, 0)
  if (all.length < 2 || spread === 0) return null
  const slope = all.reduce((sum, [x, y]) => sum + (x - middle) * (y - mean), 0) / spread
  const rise = slope * (Math.max(...xs) - Math.min(...xs))
  return { mean, slope, change: rise === 0 ? 0 : rise / mean }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
