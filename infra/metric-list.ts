import { cloudWatchName, LOCAL_METRICS, METRICS, prometheusName } from '#shared/pipeline/telemetry/metrics.ts'

/** One metric, with its names. `dimensions` are all that its samples have. */
export type ListedMetric = {
  readonly name: string
  readonly cloudWatch: string
  readonly prometheus: string
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly unit: 'Count' | 'Milliseconds' | 'Bytes' | 'None'
  readonly dimensions: readonly string[]
  readonly meaning: string
}

/** Returns the metrics that the functions write. */
export function functionMetrics(): ListedMetric[] {
  return Object.entries(METRICS).map(([name, line]) => ({
    ...line,
    name,
    cloudWatch: cloudWatchName(name),
    prometheus: prometheusName(name, line),
    dimensions: ['stage', 'service', ...line.dimensions],
  }))
}

/** Returns the metrics that only the local stack has. */
export function localMetrics(): ListedMetric[] {
  return Object.entries(LOCAL_METRICS).map(([name, line]) => ({
    ...line,
    name,
    cloudWatch: cloudWatchName(name),
    prometheus: prometheusName(name, line),
  }))
}
