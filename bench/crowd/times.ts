import { quantile } from '../measure/measure.ts'

export type Quantiles = { readonly count: number; readonly p50: number; readonly p99: number }

/** Milliseconds of several kinds of calls, since they were taken last. */
export function createTimes() {
  let times = new Map<string, number[]>()
  return {
    add(kind: string, ms: number): void {
      const known = times.get(kind)
      if (known) known.push(ms)
      else times.set(kind, [ms])
    },
    take(): Record<string, Quantiles> {
      const taken = [...times].map(([kind, all]) => [
        kind,
        { count: all.length, p50: quantile(all, 0.5), p99: quantile(all, 0.99) },
      ])
      times = new Map()
      return Object.fromEntries(taken)
    },
  }
}
export type Times = ReturnType<typeof createTimes>
