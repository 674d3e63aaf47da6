import { Metrics as Powertools } from '@aws-lambda-powertools/metrics'
import { cloudWatchName, METRICS, type MetricName } from '#shared/pipeline/telemetry/metrics.ts'
import type { Metrics } from '#shared/pipeline/telemetry/telemetry.ts'

// Embedded metric format: one line of JSON for each set of dimensions, from which CloudWatch makes metrics.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

/** A metric of one line has at most so many values. Of more, an even choice of the sorted ones is written. */
const MAX_VALUES = 100
/** What is measured in one invocation is forgotten beyond this, so that a batch cannot fill the memory. */
const MAX_KEPT = 2000

type Dimensions = Readonly<Record<string, string>>
/** What was counted and measured under the same dimensions. */
type Line = {
  readonly dimensions: Dimensions
  readonly counts: Map<MetricName, number>
  readonly values: Map<MetricName, number[]>
}

/**
 * Returns the metrics of a function. They are buffered as sums and lists, since Powertools would copy a list for each of
 * its values, and written by Powertools in one line: one more for each value of the dimension of a metric that has one.
 */
export function emfMetrics({
  service,
  stage,
}: {
  readonly service: string
  readonly stage: string
}): Metrics {
  const powertools = new Powertools({
    namespace: 'Tidewire',
    serviceName: service,
    defaultDimensions: { stage },
  })
  let lines = new Map<string, Line>()

  const lineOf = (dimensions: Dimensions = {}): Line => {
    const key = Object.values(dimensions).join('\n')
    const known = lines.get(key)
    if (known) return known
    const line: Line = { dimensions, counts: new Map(), values: new Map() }
    lines.set(key, line)
    return line
  }
  return {
    count(name, by, ...[dimensions]) {
      if (by === 0) return
      const { counts } = lineOf(dimensions)
      counts.set(name, (counts.get(name) ?? 0) + by)
    },
    observe(name, value, ...[dimensions]) {
      if (!Number.isFinite(value)) return
      const { values } = lineOf(dimensions)
      const known = values.get(name)
      // Clocks differ: what took less than nothing took nothing.
      const measured = Math.max(0, value)
      if (known === undefined) values.set(name, [measured])
      else if (known.length < MAX_KEPT) known.push(measured)
    },
    flush() {
      const written = [...lines.values()]
      lines = new Map()
      for (const line of written) writeLine(powertools, line)
    },
  }
}

function writeLine(powertools: Powertools, { dimensions, counts, values }: Line): void {
  if (Object.keys(dimensions).length > 0) {
    // An alarm has at most ten metrics, so it looks at the sum over the values of a dimension.
    powertools.addDimensions({})
    powertools.addDimensions({ ...dimensions })
  }
  for (const [name, count] of counts) powertools.addMetric(cloudWatchName(name), METRICS[name].unit, count)
  for (const [name, all] of values)
    for (const value of evenly(all)) powertools.addMetric(cloudWatchName(name), METRICS[name].unit, value)
  powertools.publishStoredMetrics()
}

/** Returns at most as many values as a line may have, of the whole range. */
function evenly(values: readonly number[]): readonly number[] {
  // With one more, Powertools would begin another line.
  const most = MAX_VALUES - 1
  if (values.length <= most) return values
  const sorted = values.toSorted((a, b) => a - b)
  const step = (sorted.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => sorted[Math.round(index * step)] ?? 0)
}
