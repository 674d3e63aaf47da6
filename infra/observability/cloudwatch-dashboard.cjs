/**
 * The CloudWatch dashboard of a stage: our metrics, and those of AWS of the functions, tables and gateways that
 * serverless.yml has. docs/operations.md says what to do about each panel.
 */
const PERIOD_SECONDS = 60
const WIDTH = 24
const HEIGHT = 6

module.exports = async ({ resolveVariable, resolveConfigurationProperty }) => {
  const { cloudWatchName } = await import('../../shared/pipeline/telemetry/metrics.ts')
  const stage = await resolveVariable('sls:stage')
  const prefix = `${await resolveVariable('self:service')}-${stage}`
  const functions = Object.assign({}, ...(await resolveConfigurationProperty(['functions'])))
  const service = {
    stage,
    cloudWatchName,
    functions: Object.keys(functions).map((key) => ({ key, name: `${prefix}-${key}` })),
    triggered: Object.keys(functions).filter((key) => key === 'fold' || key.startsWith('deliver')),
    tables: Object.values(await resolveVariable('self:custom.tables')),
  }
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: prefix,
      DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets: placed(rowsOf(service)) }) },
    },
  }
}

/** The rows of widgets, from what callers see down to what causes it. */
function rowsOf(service) {
  const own = ownMetrics(service)
  const { functions, triggered, tables } = service
  const ofFunctions = (metric, stat, keys = functions.map(({ key }) => key)) =>
    functions
      .filter(({ key }) => keys.includes(key))
      .map(({ key, name }) => ['AWS/Lambda', metric, 'FunctionName', name, { stat, label: key }])
  const ofTables = (metric) =>
    tables.map((table) => ['AWS/DynamoDB', metric, 'TableName', table, { label: `${table} ${metric}` }])
  const ofApi = (api, metric, stat = 'Sum') => [
    ['AWS/ApiGateway', metric, 'ApiId', `\${${api}}`, { stat, label: metric }],
  ]
  return [
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
    [errorsOf(functions)],
  ]
}

/** Expressions over the metrics that the functions write. They find each function that has one. */
function ownMetrics({ stage, cloudWatchName }) {
  const search = (name, stat, dimensions = []) =>
    `SEARCH('{Tidewire,${['stage', 'service', ...dimensions].join(',')}} ` +
    `MetricName="${cloudWatchName(name)}" stage="${stage}"', '${stat}', ${PERIOD_SECONDS})`
  return {
    sum: (name, label) => [{ expression: `SUM(${search(name, 'Sum')})`, label }],
    by: (name, dimension) => [{ expression: search(name, 'Sum', [dimension]) }],
    percentile: (name, percent) => [
      { expression: search(name, `p${percent}`), label: `${name.replaceAll('_', ' ')} ${percent} %` },
    ],
  }
}

function graph(title, metrics, { unit, limit } = {}) {
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

/** The last errors in the logs of all functions. */
function errorsOf(functions) {
  const sources = functions.map(({ name }) => `SOURCE '/aws/lambda/${name}'`).join(' | ')
  const query = `${sources} | fields @timestamp, service, message | filter level = "ERROR" | sort @timestamp desc | limit 20`
  return {
    type: 'log',
    properties: { title: 'Last errors', region: `\${AWS::Region}`, query, view: 'table' },
  }
}

/** Gives each widget of a row an equal share of the width, and each row its place. */
function placed(rows) {
  return rows.flatMap((row, index) =>
    row.map((widget, column) => {
      const width = Math.floor(WIDTH / row.length)
      return { ...widget, x: column * width, y: index * HEIGHT, width, height: HEIGHT }
    }),
  )
}
