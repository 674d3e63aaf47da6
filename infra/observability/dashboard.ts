import { cloudWatchName } from '#shared/pipeline/telemetry/metrics.ts'
import type { Template } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { TABLES, type TableKey, tableId } from '../storage/tables.ts'
import { triggeredFunctions } from '../triggers.ts'
import { alarmList } from './alarm-list.ts'
import { alarmId } from './alarms.ts'
import type { DeployedFunction } from './stage-metrics.ts'

const PERIOD_SECONDS = 60
const WIDTH = 24
const HEIGHT = 6

type Metric = readonly unknown[]
type Widget = { readonly type: string; readonly properties: Readonly<Record<string, unknown>> }

/**
 * The CloudWatch dashboard of a stage: our metrics, and those of AWS of the functions, tables and gateways that the stage
 * has. docs/operations.md says what to do about each panel. The names that CloudFormation makes are put in by it.
 */
export function dashboard(deployment: Deployment, functions: readonly DeployedFunction[]): Template {
  if (deployment.isLocal) return {}
  const widgets = placed(rowsOf(deployment, functions))
  return {
    Resources: {
      Dashboard: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: {
          DashboardName: deployment.prefix,
          DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
        },
      },
    },
  }
}

/** The rows of widgets, from what callers see down to what causes it. */
function rowsOf(deployment: Deployment, functions: readonly DeployedFunction[]): readonly Widget[][] {
  const { stage, prefix } = deployment
  const own = ownMetrics(stage)
  const triggered = Object.keys(triggeredFunctions(deployment))
  const named = functions.map(({ key }) => ({ key, name: `${prefix}-${key}` }))
  const ofFunctions = (metric: string, stat: string, keys?: readonly string[]): Metric[] =>
    named
      .filter(({ key }) => keys === undefined || keys.includes(key))
      .map(({ key, name }) => ['AWS/Lambda', metric, 'FunctionName', name, { stat, label: key }])
  const ofTables = (metric: string): Metric[] =>
    (Object.keys(TABLES) as TableKey[]).map((key) => [
      'AWS/DynamoDB',
      metric,
      'TableName',
      `\${${tableId(key)}}`,
      { label: `${key} ${metric}` },
    ])
  const ofApi = (api: string, metric: string, stat = 'Sum'): Metric[] => [
    ['AWS/ApiGateway', metric, 'ApiId', `\${${api}}`, { stat, label: metric }],
  ]
  return [
    [alarmsOf(alarmList(deployment, functions).map(({ name }) => alarmId(name)))],
    [
      graph('Events a minute', [
        own.sum('events_accepted', 'accepted'),
        own.sum('events_stored', 'stored'),
        own.sum('events_delivered', 'delivered'),
        own.sum('frames_posted', 'frames'),
        own.sum('events_repeated', 'repeats dropped'),
      ]),
      graph('Refused requests by reason', [
        own.by('requests_refused', 'reason'),
        own.sum('requests_limited', '429 and rate_limited'),
      ]),
      graph('Dead letters by code', [own.by('dead_letters', 'code')], { limit: 1 }),
    ],
    [
      graph(
        'From accepting to the post, and to the paint',
        [
          own.percentile('accept_to_post', 50),
          own.percentile('accept_to_post', 99),
          own.percentile('accept_to_paint', 50),
          own.percentile('accept_to_paint', 99),
        ],
        { unit: 'ms', limit: 5000 },
      ),
      graph(
        'Hops, 99 %',
        ['accept_to_append', 'append_to_deliver', 'deliver_to_store', 'store_to_post'].map((hop) =>
          own.percentile(hop, 99),
        ),
        { unit: 'ms' },
      ),
      graph('Views, 99 %', [own.percentile('fold_lag', 99)], { unit: 'ms', limit: 30_000 }),
    ],
    [
      graph('Records that a mapping is behind', ofFunctions('OffsetLag', 'Maximum', triggered), {
        limit: 1000,
      }),
      graph('Partitions that come again', [own.sum('partitions_failed', 'partitions')], { limit: 1 }),
      graph('Sockets that miss something', [
        own.sum('subscriptions_behind', 'behind'),
        own.sum('posts_throttled', 'posts with 429'),
        own.sum('connections_gone', 'gone (410)'),
        own.sum('connections_ended', 'credential ended'),
      ]),
    ],
    [
      graph('Errors of functions', ofFunctions('Errors', 'Sum'), { limit: 1 }),
      graph('Throttles of functions', ofFunctions('Throttles', 'Sum'), { limit: 1 }),
      graph('Duration, 99 %', ofFunctions('Duration', 'p99'), { unit: 'ms' }),
      graph('Functions at once', ofFunctions('ConcurrentExecutions', 'Maximum')),
    ],
    [
      graph('Throttles of tables', [...ofTables('ReadThrottleEvents'), ...ofTables('WriteThrottleEvents')], {
        limit: 1,
      }),
      graph('Written units', ofTables('ConsumedWriteCapacityUnits')),
      graph('Read units', ofTables('ConsumedReadCapacityUnits')),
    ],
    [
      graph('Requests', [
        ...ofApi('HttpApi', 'Count'),
        ...ofApi('HttpApi', '4xx'),
        ...ofApi('HttpApi', '5xx'),
      ]),
      graph('Latency of requests', ofApi('HttpApi', 'Latency', 'p99'), { unit: 'ms' }),
      graph('Sockets', [
        ...ofApi('WebsocketsApi', 'ConnectCount'),
        ...ofApi('WebsocketsApi', 'MessageCount'),
        ...ofApi('WebsocketsApi', 'ClientError'),
        ...ofApi('WebsocketsApi', 'IntegrationError'),
      ]),
      graph('Cold starts', [own.sum('cold_starts', 'cold starts')]),
    ],
    [errorsOf(named.map(({ name }) => name))],
  ]
}

/** Expressions over the metrics that the functions write. They find each function that has one. */
function ownMetrics(stage: string) {
  const search = (name: string, stat: string, dimensions: readonly string[] = []) =>
    `SEARCH('{Tidewire,${['stage', 'service', ...dimensions].join(',')}} ` +
    `MetricName="${cloudWatchName(name)}" stage="${stage}"', '${stat}', ${PERIOD_SECONDS})`
  return {
    sum: (name: string, label: string): Metric => [{ expression: `SUM(${search(name, 'Sum')})`, label }],
    by: (name: string, dimension: string): Metric => [{ expression: search(name, 'Sum', [dimension]) }],
    percentile: (name: string, percent: number): Metric => [
      { expression: search(name, `p${percent}`), label: `${name.replaceAll('_', ' ')} ${percent} %` },
    ],
  }
}

type GraphOptions = { readonly unit?: string; readonly limit?: number }

function graph(title: string, metrics: readonly Metric[], { unit, limit }: GraphOptions = {}): Widget {
  const properties = {
    title,
    region: `\${AWS::Region}`,
    view: 'timeSeries',
    stat: 'Sum',
    period: PERIOD_SECONDS,
    metrics,
    yAxis: { left: { min: 0, ...(unit && { label: unit, showUnits: false }) } },
    ...(limit && { annotations: { horizontal: [{ value: limit, label: 'look at it', color: '#d13212' }] } }),
  }
  return { type: 'metric', properties }
}

/** The state of each alarm. */
function alarmsOf(ids: readonly string[]): Widget {
  return { type: 'alarm', properties: { title: 'Alarms', alarms: ids.map((id) => `\${${id}.Arn}`) } }
}

/** The last errors in the logs of all functions. */
function errorsOf(names: readonly string[]): Widget {
  const sources = names.map((name) => `SOURCE '/aws/lambda/${name}'`).join(' | ')
  const query = `${sources} | fields @timestamp, service, message | filter level = "ERROR" | sort @timestamp desc | limit 20`
  return {
    type: 'log',
    properties: { title: 'Last errors', region: `\${AWS::Region}`, query, view: 'table' },
  }
}

/** Gives each widget of a row an equal share of the width, and each row its place. */
function placed(rows: readonly (readonly Widget[])[]) {
  return rows.flatMap((row, index) =>
    row.map((widget, column) => {
      const width = Math.floor(WIDTH / row.length)
      return { ...widget, x: column * width, y: index * HEIGHT, width, height: HEIGHT }
    }),
  )
}
