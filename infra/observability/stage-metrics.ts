import { type CounterName, cloudWatchName, type HistogramName } from '#shared/pipeline/telemetry/metrics.ts'
import type { Deployment } from '../deployment.ts'
import { TABLES, type TableKey, tableId } from '../storage/tables.ts'
import type { AlarmMetric } from './alarm.ts'

/** A function of a stage, by its key in serverless.yml. */
export type DeployedFunction = { readonly key: string; readonly timeoutSeconds: number }

/** The metrics of a stage, as the variables `<letter>0`, `<letter>1` … of an expression. */
export type StageMetrics = {
  /** Our own metric of each of the services, which are functions without the number of a shard. */
  own(
    letter: string,
    name: CounterName | HistogramName,
    of: { stat?: string; services: readonly string[]; dimensions?: Readonly<Record<string, string>> },
  ): readonly AlarmMetric[]
  /** A metric of Lambda of each of the functions. */
  lambda(
    letter: string,
    name: string,
    of: { stat?: string; functions: readonly DeployedFunction[] },
  ): readonly AlarmMetric[]
  /** A metric of DynamoDB of each of the tables. */
  tables(letter: string, name: string): readonly AlarmMetric[]
  /** A metric of one of the two gateways. */
  gateway(letter: string, name: string, api: 'HttpApi' | 'WebsocketsApi'): readonly AlarmMetric[]
}

/** Returns the metrics of a stage. Where no statistic is given it is the sum. */
export function stageMetrics({ stage, prefix }: Pick<Deployment, 'stage' | 'prefix'>): StageMetrics {
  return {
    own: (letter, name, { stat = 'Sum', services, dimensions = {} }) =>
      services.map((service, index) => ({
        id: `${letter}${index}`,
        namespace: 'Tidewire',
        name: cloudWatchName(name),
        stat,
        dimensions: { stage, service, ...dimensions },
      })),
    lambda: (letter, name, { stat = 'Sum', functions }) =>
      functions.map(({ key }, index) => ({
        id: `${letter}${index}`,
        namespace: 'AWS/Lambda',
        name,
        stat,
        dimensions: { FunctionName: `${prefix}-${key}` },
      })),
    tables: (letter, name) =>
      (Object.keys(TABLES) as TableKey[]).map((key, index) => ({
        id: `${letter}${index}`,
        namespace: 'AWS/DynamoDB',
        name,
        stat: 'Sum',
        dimensions: { TableName: { Ref: tableId(key) } },
      })),
    gateway: (letter, name, api) => [
      {
        id: `${letter}0`,
        namespace: 'AWS/ApiGateway',
        name,
        stat: 'Sum',
        dimensions: { ApiId: { Ref: api } },
      },
    ],
  }
}

/** The sum of counts; where there is none it is 0. */
export function sumOf(metrics: readonly AlarmMetric[]): string {
  return `SUM([${metrics.map(({ id }) => `FILL(${id}, 0)`).join(', ')}])`
}

/** The maximum of measures; where there is none there is no datapoint. */
export function maximumOf(metrics: readonly AlarmMetric[]): string {
  return metrics.length === 1 ? (metrics[0]?.id ?? '') : `MAX([${metrics.map(({ id }) => id).join(', ')}])`
}
