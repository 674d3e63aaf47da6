import { countOf, percentile } from './histogram.ts'
import { HOPS, type Hop } from './hops.ts'
import { mergeReports, REPORT_WINDOW_MS, type ReportStore } from './instance-report.ts'

/** How long events took for a hop, in milliseconds; null without any. */
export type HopLatency = {
  readonly hop: Hop
  /** How many were measured. */
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** The latencies of all instances in the last `windowSeconds`, in the order of the way of an event. */
export type HopLatencies = { readonly windowSeconds: number; readonly hops: readonly HopLatency[] }

/**
 * Reads the latencies of every hop. They are collected while somebody reads them: the first call begins it. `now` is in
 * milliseconds since 1970.
 */
export async function readHops(reports: Pick<ReportStore, 'list'>, now: number): Promise<HopLatencies> {
  const { hops } = mergeReports(await reports.list(), now)
  const latencyOf = (hop: Hop): HopLatency => {
    const histogram = hops.get(hop) ?? []
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(histogram, share))
    return { hop, count: countOf(histogram), p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null }
  }
  return { windowSeconds: REPORT_WINDOW_MS / 1000, hops: HOPS.map(latencyOf) }
}
