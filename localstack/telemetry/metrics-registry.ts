import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ListedMetric } from '../../infra/metric-list.ts'

/** Bounds in seconds: from a hop within a function to a view that is minutes behind. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const RATIOS = [0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 10_000]
/** Lines that wait until the functions have a moment, or until somebody asks. */
const MAX_WAITING = 64

type Emf = {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[]
  }
} & Readonly<Record<string, unknown>>

type Take = (labels: Record<string, string>, value: number) => void

/** Aggregates the metrics of the functions as Prometheus has them. */
export type MetricsRegistry = {
  /** Takes a line of the embedded metric format. What is not in the list is left out. */
  take(line: string): void
  /** Returns all metrics as text: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): Promise<string>
}

/** Returns a registry of the listed metrics. All are shown from the beginning, without samples. */
export function metricsRegistry(listed: readonly ListedMetric[]): MetricsRegistry {
  const registry = new Registry()
  const takers = new Map(
    listed.map((metric) => [metric.cloudWatch, { metric, take: takerOf(metric, registry) }]),
  )
  let waiting: string[] = []
  let isPlanned = false

  const work = (): void => {
    const lines = waiting
    waiting = []
    isPlanned = false
    for (const line of lines) takeLine(line)
  }
  const takeLine = (line: string): void => {
    const fields = JSON.parse(line) as Emf
    for (const { Name } of fields._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics)) {
      const found = takers.get(Name)
      if (!found) continue
      const { metric, take } = found
      const labels = Object.fromEntries(metric.dimensions.map((name) => [name, String(fields[name] ?? '')]))
      const scale = metric.unit === 'Milliseconds' ? 1000 : 1
      for (const value of [fields[Name]].flat()) if (typeof value === 'number') take(labels, value / scale)
    }
  }
  return {
    take(line) {
      waiting.push(line)
      if (waiting.length < MAX_WAITING || isPlanned) return
      isPlanned = true
      setImmediate(work)
    },
    text() {
      work()
      return registry.metrics()
    },
  }
}

function takerOf(
  { prometheus: name, kind, unit, dimensions, meaning }: ListedMetric,
  registry: Registry,
): Take {
  const options = { name, help: meaning, labelNames: [...dimensions], registers: [registry] }
  if (kind === 'counter') {
    const counter = new Counter(options)
    return (labels, value) => counter.inc(labels, value)
  }
  if (kind === 'gauge') {
    const gauge = new Gauge(options)
    return (labels, value) => gauge.set(labels, value)
  }
  const histogram = new Histogram({ ...options, buckets: unit === 'Milliseconds' ? SECONDS : RATIOS })
  return (labels, value) => histogram.observe(labels, value)
}

/** A figure at this moment, with its labels. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** Returns figures of the local stack as text, by the name of the metric. */
export function gaugesText(
  listed: readonly ListedMetric[],
  samples: ReadonlyMap<string, readonly Sample[]>,
): Promise<string> {
  const registry = new Registry()
  for (const metric of listed) {
    const take = takerOf(metric, registry)
    for (const { labels, value } of samples.get(metric.name) ?? []) take({ ...labels }, value)
  }
  return registry.metrics()
}
