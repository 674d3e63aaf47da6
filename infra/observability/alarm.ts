import type { Resource, Value } from '../cloudformation.ts'

/** A metric of CloudWatch, as a variable of an expression. */
export type AlarmMetric = {
  readonly id: string
  readonly namespace: string
  readonly name: string
  /** Such as `Sum`, `Maximum` or `p99`. */
  readonly stat: string
  readonly dimensions: Readonly<Record<string, Value>>
}

export type Alarm = {
  /** The last part of its name: `tidewire-<stage>-<name>`. */
  readonly name: string
  /** A page wakes somebody up; a ticket waits until the morning. */
  readonly severity: 'page' | 'ticket'
  /** What is the matter, and what to do first. */
  readonly says: string
  /** The heading of docs/operations.md. */
  readonly runbook: string
  /** The alert of tidewire.rules.yml with the same threshold, if a stack on a laptop has it too. */
  readonly rule: string | null
  readonly metrics: readonly AlarmMetric[]
  /**
   * What is compared with the threshold: metric math over the ids of the metrics. A stage without traffic has no data, so
   * counts are filled with 0.
   */
  readonly expression: string
  readonly comparison: 'GreaterThanThreshold' | 'LessThanThreshold'
  readonly threshold: number
  readonly periodSeconds: number
  /** So many of the latest periods are looked at, and so many of them must be beyond the threshold. */
  readonly periods: number
  readonly datapoints: number
  readonly missing: 'notBreaching' | 'breaching'
}

/** The most metrics that an alarm may have: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
export const MOST_METRICS = 10

/** Returns the alarm of a stage whose names begin with `prefix`, which tells `topic` when its state changes. */
export function alarmResource(alarm: Alarm, prefix: string, topic: Value): Resource {
  const { metrics, periodSeconds, expression } = alarm
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${prefix}-${alarm.name}`,
      AlarmDescription: `${alarm.says} See docs/operations.md#${anchorOf(alarm.runbook)} (${alarm.severity}).`,
      Metrics: [
        { Id: 'value', Expression: expression, Label: alarm.name, ReturnData: true },
        ...metrics.map(({ id, namespace, name, stat, dimensions }) => ({
          Id: id,
          ReturnData: false,
          MetricStat: {
            Metric: {
              Namespace: namespace,
              MetricName: name,
              Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            },
            Period: periodSeconds,
            Stat: stat,
          },
        })),
      ],
      ComparisonOperator: alarm.comparison,
      Threshold: alarm.threshold,
      EvaluationPeriods: alarm.periods,
      DatapointsToAlarm: alarm.datapoints,
      TreatMissingData: alarm.missing,
      AlarmActions: [topic],
      OKActions: [topic],
    },
  }
}

/** The anchor of a heading, as links to it name it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
