import type { Alarm, AlarmMetric } from '../observability/alarm.ts'
import { evaluateMath } from './metric-math.ts'

/** What a metric has, by the minute: its samples in that minute; null or nothing is no data. */
export type Series = (metric: AlarmMetric, minute: number) => readonly number[] | null

export type AlarmState = 'OK' | 'ALARM'

/**
 * Returns the state of an alarm after a minute, as CloudWatch evaluates it: each minute, over the latest periods that end
 * then, of which `datapoints` must be beyond the threshold; a period without data counts as `missing` says.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 *
 * CloudWatch looks at some older periods too when data is missing, which can only keep an alarm as it was; that is left out.
 */
export function alarmState(alarm: Alarm, series: Series, minute: number): AlarmState {
  const length = alarm.periodSeconds / 60
  const points = Array.from({ length: alarm.periods }, (_, index) => {
    const end = minute - index * length
    return evaluateMath(alarm.expression, (id) => {
      const metric = alarm.metrics.find((one) => one.id === id)
      if (metric === undefined) throw new Error(`${alarm.name} has no metric ${id}`)
      return statistic(metric.stat, samples(metric, series, end - length + 1, end))
    })
  })
  const breaching = points.filter((point) =>
    point === null
      ? alarm.missing === 'breaching'
      : alarm.comparison === 'GreaterThanThreshold'
        ? point > alarm.threshold
        : point < alarm.threshold,
  )
  return breaching.length >= alarm.datapoints ? 'ALARM' : 'OK'
}

function samples(metric: AlarmMetric, series: Series, from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => series(metric, from + index) ?? []).flat()
}

function statistic(stat: string, values: readonly number[]): number | null {
  if (values.length === 0) return null
  if (stat === 'Sum') return values.reduce((a, b) => a + b, 0)
  if (stat === 'Maximum') return Math.max(...values)
  if (stat === 'SampleCount') return values.length
  const percent = Number(/^p(\d+)$/.exec(stat)?.[1])
  if (Number.isNaN(percent)) throw new Error(`${stat} is not known`)
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? null
}
