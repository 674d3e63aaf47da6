import type { Deployment } from '../deployment.ts'
import { type Alarm, MOST_METRICS } from './alarm.ts'
import { type DeployedFunction, maximumOf, type StageMetrics, stageMetrics, sumOf } from './stage-metrics.ts'

// Thresholds are those of tidewire.rules.yml, where a stack on a laptop has the same figure; a test compares them.

/** The functions that respond to HTTP. */
const HTTP = ['write', 'webhooks', 'command', 'read', 'streams', 'accounts', 'replays', 'health']
/** The functions that write what is posted. */
const WRITERS = ['write', 'webhooks', 'command']
const CONSUMERS = ['deliver', 'fold']
/** Workers that work until shortly before their time is over, and then leave the rest to the next one. */
const WORKERS = ['replay-records', 'replay-events']

const MINUTE = 60
const FIVE_MINUTES = 300
const TEN_MINUTES = 600

const once = { periods: 1, datapoints: 1 }
const counts = { comparison: 'GreaterThanThreshold', missing: 'notBreaching' } as const

/** Returns the alarms of a stage with these functions. */
export function alarmList(
  deployment: Pick<Deployment, 'stage' | 'prefix'>,
  functions: readonly DeployedFunction[],
): readonly Alarm[] {
  const metrics = stageMetrics(deployment)
  return [
    ...alarmsOfWriting(metrics),
    ...alarmsOfConsuming(metrics, functions),
    ...alarmsOfArchive(metrics, functions),
    ...alarmsOfDelivery(metrics),
    ...alarmsOfFunctions(metrics, functions),
    ...alarmsOfServices(metrics),
  ]
}

function alarmsOfWriting(metrics: StageMetrics): readonly Alarm[] {
  const unavailable = metrics.own('u', 'requests_refused', {
    services: HTTP,
    dimensions: { reason: 'unavailable' },
  })
  const accepting = metrics.own('a', 'accept_to_append', { services: WRITERS, stat: 'p99' })
  const limited = metrics.own('l', 'requests_limited', { services: [...HTTP, 'message'] })
  return [
    {
      name: 'writes-fail',
      severity: 'page',
      says: 'Requests are refused with 503: Kafka or the tables do not respond. Run tidewire doctor.',
      runbook: 'Kafka or the tables are away',
      rule: 'TidewireWritesFail',
      metrics: unavailable,
      expression: sumOf(unavailable),
      threshold: 0,
      periodSeconds: FIVE_MINUTES,
      ...once,
      ...counts,
    },
    {
      name: 'accepting-is-slow',
      severity: 'ticket',
      says: 'One request of a hundred waits over 2 s for Kafka. Look at the brokers and their disks.',
      runbook: 'Accepting is slow',
      rule: 'TidewireAcceptingSlow',
      metrics: accepting,
      expression: maximumOf(accepting),
      threshold: 2000,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 5,
      ...counts,
    },
    {
      name: 'callers-limited',
      severity: 'ticket',
      says: 'More than one request a second is refused with 429. Find out who sends them.',
      runbook: 'Callers that are limited (429)',
      rule: 'TidewireCallersLimited',
      metrics: limited,
      expression: `${sumOf(limited)} / ${FIVE_MINUTES}`,
      threshold: 1,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
  ]
}

function alarmsOfConsuming(metrics: StageMetrics, functions: readonly DeployedFunction[]): readonly Alarm[] {
  const letters = metrics.own('d', 'dead_letters', { services: CONSUMERS })
  const stored = metrics.own('s', 'events_stored', { services: ['deliver'] })
  const hasArchive = functions.some(({ key }) => key === 'archive')
  const failing = hasArchive ? [...CONSUMERS, 'archive'] : CONSUMERS
  const failed = metrics.own('f', 'partitions_failed', { services: failing })
  const folded = metrics.own('v', 'fold_lag', { services: ['fold'], stat: 'p99' })
  const accepted = metrics.own('a', 'events_accepted', { services: WRITERS })
  const repeated = metrics.own('r', 'events_repeated', { services: ['deliver'] })
  const folds = metrics.own('n', 'fold_lag', { services: ['fold'], stat: 'SampleCount' })
  const age = metrics.own('g', 'append_to_deliver', { services: ['deliver'], stat: 'p99' })
  const triggered = functions.filter(({ key }) => /^(fold|deliver\d*)$/.test(key))
  const lags = chunks(triggered).map((chunk) =>
    metrics.lambda('o', 'OffsetLag', { functions: chunk, stat: 'Maximum' }),
  )
  const consumed = sumOf([...stored, ...repeated, ...letters])
  return [
    {
      name: 'dead-letters',
      severity: 'ticket',
      says: 'Records became dead letters. Group them by code and source: tidewire dead-letters.',
      runbook: 'Dead letters',
      rule: 'TidewireDeadLetters',
      metrics: letters,
      expression: sumOf(letters),
      threshold: 0,
      periodSeconds: TEN_MINUTES,
      ...once,
      ...counts,
    },
    {
      name: 'dead-letters-many',
      severity: 'page',
      says: 'More than 5 % of what comes becomes dead letters. Take back the last deployment, of a producer or of ours.',
      runbook: 'Dead letters',
      rule: 'TidewireDeadLettersMany',
      metrics: [...letters, ...stored],
      expression: `${sumOf(letters)} - 0.05 * ${sumOf(stored)}`,
      threshold: 10,
      periodSeconds: TEN_MINUTES,
      ...once,
      ...counts,
    },
    {
      name: 'partition-fails',
      severity: 'page',
      says: 'A partition fails again and again, and its events are not pushed, folded or archived. Its log line has the cause.',
      runbook: 'A partition that fails',
      rule: 'TidewirePartitionFails',
      metrics: failed,
      expression: sumOf(failed),
      threshold: 0,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
    ...numbered(lags, (lag) => ({
      name: 'group-lags',
      severity: 'page',
      says: 'A consumer group has been over 1,000 records behind for ten minutes. See which: tidewire topics --groups.',
      runbook: 'A group that lags',
      rule: 'TidewireGroupLags',
      metrics: lag,
      expression: maximumOf(lag),
      threshold: 1000,
      periodSeconds: MINUTE,
      periods: 10,
      datapoints: 10,
      ...counts,
    })),
    {
      name: 'records-wait',
      severity: 'page',
      says: 'Records are over 30 s old when deliver gets them. Look whether its mappings are enabled and not throttled.',
      runbook: 'A group that lags',
      rule: null,
      metrics: age,
      expression: maximumOf(age),
      threshold: 30_000,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 5,
      ...counts,
    },
    {
      name: 'nothing-is-consumed',
      severity: 'page',
      says: 'Events are accepted and neither stored nor folded: the pollers of a mapping do not reach Kafka. List the event source mappings.',
      runbook: 'Pollers that do not poll',
      rule: null,
      metrics: [...accepted, ...stored, ...repeated, ...letters, ...folds],
      expression: `IF(${sumOf(accepted)} > 0 AND (${consumed} == 0 OR ${sumOf(folds)} == 0), 1, 0)`,
      threshold: 0,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
    {
      name: 'views-are-late',
      severity: 'ticket',
      says: 'Views have an event over 30 s after it was accepted. Look at the groups of fold.',
      runbook: 'Views are late',
      rule: 'TidewireViewsLate',
      metrics: folded,
      expression: maximumOf(folded),
      threshold: 30_000,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 5,
      ...counts,
    },
  ]
}

/** A stage has them if it has an archive. That it fails is told by the alarms of all consumers. */
function alarmsOfArchive(metrics: StageMetrics, functions: readonly DeployedFunction[]): readonly Alarm[] {
  const archives = functions.filter(({ key }) => key === 'archive')
  if (archives.length === 0) return []
  const accepted = metrics.own('a', 'events_accepted', { services: WRITERS })
  const archived = metrics.lambda('i', 'Invocations', { functions: archives })
  return [
    {
      name: 'archive-stopped',
      severity: 'page',
      says: 'Events are accepted and none is archived: the pollers of the mappings of archive do not reach Kafka. What Kafka deletes before they do is missing.',
      runbook: 'Pollers that do not poll',
      rule: null,
      metrics: [...accepted, ...archived],
      expression: `IF(${sumOf(accepted)} > 0 AND ${sumOf(archived)} == 0, 1, 0)`,
      threshold: 0,
      periodSeconds: TEN_MINUTES,
      periods: 3,
      datapoints: 3,
      ...counts,
    },
  ]
}

function alarmsOfDelivery(metrics: StageMetrics): readonly Alarm[] {
  const services = ['deliver']
  const late = metrics.own('t', 'accept_to_post', { services, stat: 'p99' })
  const behind = metrics.own('b', 'subscriptions_behind', { services })
  const gone = metrics.own('g', 'connections_gone', { services })
  const posted = metrics.own('p', 'frames_posted', { services })
  const throttled = metrics.own('h', 'posts_throttled', { services })
  const refused = sumOf(throttled)
  return [
    {
      name: 'delivery-is-late',
      severity: 'page',
      says: 'One event of a hundred is pushed over 5 s after it was accepted. The hops on the dashboard name the culprit.',
      runbook: 'Delivery is late',
      rule: 'TidewireDeliveryLate',
      metrics: late,
      expression: maximumOf(late),
      threshold: 5000,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 5,
      ...counts,
    },
    {
      name: 'subscriptions-behind',
      severity: 'ticket',
      says: 'Subscriptions miss frames and have to resume. See which connections: tidewire connections.',
      runbook: 'Subscriptions behind',
      rule: 'TidewireSubscriptionsBehind',
      metrics: behind,
      expression: `${sumOf(behind)} / ${FIVE_MINUTES}`,
      threshold: 0.2,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
    {
      name: 'connections-gone',
      severity: 'ticket',
      says: 'Over 5 % of the frames go to connections that are gone (410). See whose, by address.',
      runbook: 'Connections that are gone (410)',
      rule: 'TidewireConnectionsGone',
      metrics: [...gone, ...posted],
      expression: `(${sumOf(gone)} - 0.05 * ${sumOf(posted)}) / ${FIVE_MINUTES}`,
      threshold: 0.5,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
    {
      name: 'posts-throttled',
      severity: 'ticket',
      says: 'The gateway refuses over 5 % of the posts with 429. Ask for a higher quota, or send fewer frames.',
      runbook: 'Posts that are throttled (429)',
      rule: 'TidewirePostsThrottled',
      metrics: [...throttled, ...posted],
      expression: `(${refused} - 0.05 * (${refused} + ${sumOf(posted)})) / ${FIVE_MINUTES}`,
      threshold: 0.5,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
  ]
}

function alarmsOfFunctions(metrics: StageMetrics, functions: readonly DeployedFunction[]): readonly Alarm[] {
  const errors = chunks(functions).map((chunk) => metrics.lambda('e', 'Errors', { functions: chunk }))
  const throttles = chunks(functions).map((chunk) => metrics.lambda('t', 'Throttles', { functions: chunk }))
  const limited = functions.filter(({ key }) => !WORKERS.includes(key))
  const durations = chunks(limited).map((chunk) => ({
    metrics: metrics.lambda('d', 'Duration', { functions: chunk, stat: 'Maximum' }),
    // Of the limit of each function: 1 is all of its time.
    parts: chunk.map(({ timeoutSeconds }, index) => `d${index} / ${timeoutSeconds * 1000}`),
  }))
  const scheduled = functions.filter(({ key }) => SCHEDULED.some((schedule) => schedule.key === key))
  return [
    ...numbered(errors, (all) => ({
      name: 'functions-fail',
      severity: 'page',
      says: 'Invocations end with an error or run out of time. The last errors are on the dashboard.',
      runbook: 'Functions that fail',
      rule: 'TidewireFunctionErrors',
      metrics: all,
      expression: sumOf(all),
      threshold: 0,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    })),
    ...numbered(throttles, (all) => ({
      name: 'functions-throttled',
      severity: 'ticket',
      says: 'Invocations are throttled: the concurrency of the account, or of a function, is used up.',
      runbook: 'Functions that fail',
      rule: null,
      metrics: all,
      expression: sumOf(all),
      threshold: 0,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 3,
      ...counts,
    })),
    ...numbered(durations, ({ metrics: all, parts }) => ({
      name: 'functions-near-limit',
      severity: 'ticket',
      says: 'Invocations take over 90 % of the time that they have. Look at what they wait for, then raise the timeout.',
      runbook: 'Functions near their time limit',
      rule: null,
      metrics: all,
      expression: `MAX([${parts.join(', ')}])`,
      threshold: 0.9,
      periodSeconds: MINUTE,
      periods: 5,
      datapoints: 3,
      ...counts,
    })),
    ...scheduled.map((one) => alarmOfSchedule(one, metrics)),
  ]
}

/** What runs on a schedule and is missed when it does not, and how long a success may be ago. */
const SCHEDULED: readonly { key: string; minutes: number; says: string }[] = [
  { key: 'replay-records', minutes: 15, says: 'Replays of dead letters and views do not go on.' },
  { key: 'replay-events', minutes: 15, says: 'Replays of events do not go on.' },
  {
    key: 'signing-keys',
    minutes: 180,
    says: 'The keys that tokens are verified with are not renewed: after their rotation nobody can sign in.',
  },
  {
    key: 'people',
    minutes: 30,
    says: 'Events cannot be assigned to new people, and still to those who left.',
  },
]

function alarmOfSchedule(one: DeployedFunction, metrics: StageMetrics): Alarm {
  const { minutes = 0, says = '' } = SCHEDULED.find(({ key }) => key === one.key) ?? {}
  const runs = metrics.lambda('n', 'Invocations', { functions: [one] })
  const errors = metrics.lambda('e', 'Errors', { functions: [one] })
  return {
    name: `${one.key}-stopped`,
    severity: 'ticket',
    says: `${says} ${one.key} has not succeeded for ${minutes} minutes: see its log and its rule in EventBridge.`,
    runbook: 'Schedules that do not run',
    rule: null,
    metrics: [...runs, ...errors],
    expression: `${sumOf(runs)} - ${sumOf(errors)}`,
    comparison: 'LessThanThreshold',
    threshold: 1,
    periodSeconds: (minutes / 3) * MINUTE,
    periods: 3,
    datapoints: 3,
    // A function that is not invoked has no data.
    missing: 'breaching',
  }
}

function alarmsOfServices(metrics: StageMetrics): readonly Alarm[] {
  const broken = metrics.gateway('x', '5xx', 'HttpApi')
  const requests = metrics.gateway('c', 'Count', 'HttpApi')
  const sockets = [
    ...metrics.gateway('i', 'IntegrationError', 'WebsocketsApi'),
    ...metrics.gateway('j', 'ExecutionError', 'WebsocketsApi'),
  ]
  const tables = (['ReadThrottleEvents', 'WriteThrottleEvents'] as const).map((name) => ({
    name,
    all: metrics.tables('t', name),
  }))
  return [
    {
      name: 'gateway-fails',
      severity: 'page',
      says: 'Over 5 % of the requests end with 5xx. Look at the errors of functions, then at the last deployment.',
      runbook: 'The stack is away',
      rule: null,
      metrics: [...broken, ...requests],
      expression: `100 * ${sumOf(broken)} / c0`,
      threshold: 5,
      periodSeconds: FIVE_MINUTES,
      ...once,
      ...counts,
    },
    {
      name: 'socket-gateway-fails',
      severity: 'page',
      says: 'Sockets cannot be opened or used: the gateway does not reach connect, message or disconnect.',
      runbook: 'The stack is away',
      rule: null,
      metrics: sockets,
      expression: sumOf(sockets),
      threshold: 0,
      periodSeconds: FIVE_MINUTES,
      periods: 2,
      datapoints: 2,
      ...counts,
    },
    ...tables.map(
      ({ name, all }): Alarm => ({
        name: name === 'ReadThrottleEvents' ? 'table-reads-throttled' : 'table-writes-throttled',
        severity: 'ticket',
        says: 'DynamoDB throttles a table for minutes. See which: a burst passes, a hot key does not.',
        runbook: 'DynamoDB throttles',
        rule: null,
        metrics: all,
        expression: sumOf(all),
        threshold: 0,
        periodSeconds: MINUTE,
        periods: 5,
        datapoints: 3,
        ...counts,
      }),
    ),
  ]
}

/** Parts with as many items as an alarm has metrics. */
function chunks<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / MOST_METRICS)
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * MOST_METRICS, (index + 1) * MOST_METRICS),
  )
}

/** An alarm for each part; those after the first have a number in their names. */
function numbered<T>(parts: readonly T[], make: (part: T) => Alarm): readonly Alarm[] {
  return parts.map((part, index) => {
    const alarm = make(part)
    return index === 0 ? alarm : { ...alarm, name: `${alarm.name}-${index + 1}` }
  })
}
