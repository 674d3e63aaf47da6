import { describe, expect, it } from 'vitest'
import { alarmState, type Series } from '../testing/evaluate-alarm.ts'
import { type Alarm, type AlarmMetric, MOST_METRICS } from './alarm.ts'
import { alarmList } from './alarm-list.ts'

const KEYS = [
  'write',
  'webhooks',
  'command',
  'read',
  'streams',
  'stats',
  'audit',
  'accounts',
  'standing',
  'replays',
  'replay-records',
  'replay-events',
  'signing-keys',
  'people',
  'health',
  'connect',
  'disconnect',
  'message',
  'fold',
  'deliver',
  'deliver1',
  'deliver2',
]
const alarms = alarmList(
  { stage: 'prod', prefix: 'tidewire-prod' },
  KEYS.map((key) => ({ key, timeoutSeconds: key === 'read' ? 28 : 10 })),
)
const named = (name: string): Alarm => {
  const alarm = alarms.find((one) => one.name === name)
  if (alarm === undefined) throw new Error(`there is no alarm ${name}`)
  return alarm
}

/** The samples of a metric in a minute, by its name and its function or service. */
type Sample = (name: string, of: string, minute: number) => readonly number[] | number | null

const seriesOf =
  (sample: Sample): Series =>
  (metric, minute) => {
    const { service, FunctionName, ApiId, TableName } = metric.dimensions
    const of = service ?? FunctionName ?? ApiId ?? TableName
    const name = typeof of === 'string' ? of.replace('tidewire-prod-', '') : JSON.stringify(of)
    const found = sample(metric.name, name, minute)
    return found === null || typeof found === 'object' ? found : [found]
  }

const measured = (metric: AlarmMetric) => `${metric.name} ${metric.stat}`

/** A stage with traffic, in which nothing is wrong: some requests are refused, a client is limited, a post is repeated. */
const normal: Sample = (name, of, minute) => {
  switch (name) {
    case 'EventsAccepted':
      return 600
    case 'EventsStored':
      return 600
    case 'FramesPosted':
      return 3000
    case 'FoldLag':
    case 'AppendToDeliver':
      return [40, 80, 120]
    case 'AcceptToAppend':
      return [5, 12, 30]
    case 'AcceptToPost':
      return [60, 150, 400]
    case 'RequestsLimited':
      return of === 'read' ? 6 : null
    case 'SubscriptionsBehind':
      return minute % 5 === 0 ? 3 : null
    case 'ConnectionsGone':
      return 4
    case 'PostsThrottled':
      return 20
    case 'OffsetLag':
      return [0, 40, 300]
    case 'Invocations':
      return 60
    case 'Duration':
      return of === 'read' ? [200, 20_500] : [12, 80, 4000]
    case 'Count':
      return 900
    case '5xx':
      return minute === 7 ? 2 : 0
    case 'Throttles':
      return minute === 11 ? 1 : 0
    case 'ReadThrottleEvents':
      return minute === 11 ? 4 : null
    case 'Errors':
      return minute === 3 ? 1 : 0
    default:
      return null
  }
}
/** A stage at night: nothing but schedules runs. */
const idle: Sample = (name) => (name === 'Invocations' ? 1 : null)

const statesOf = (alarm: Alarm, sample: Sample, minutes: number) =>
  Array.from({ length: minutes }, (_, minute) => alarmState(alarm, seriesOf(sample), minute + 200))

/** From minute 300 on something is wrong. */
const since =
  (wrong: Sample): Sample =>
  (name, of, minute) =>
    minute < 300 ? normal(name, of, minute) : (wrong(name, of, minute) ?? normal(name, of, minute))
const only =
  (metric: string, value: number | readonly number[], of?: RegExp): Sample =>
  (name, service) =>
    name === metric && (of === undefined || of.test(service)) ? value : null

/** What makes each alarm go off, and within how many minutes. */
const CASES: readonly [alarm: string, minutes: number, wrong: Sample][] = [
  ['writes-fail', 1, only('RequestsRefused', 1, /^write$/)],
  ['accepting-is-slow', 5, only('AcceptToAppend', [100, 2500], /^webhooks$/)],
  ['callers-limited', 10, only('RequestsLimited', 61, /^message$/)],
  ['dead-letters', 1, only('DeadLetters', 1, /^fold$/)],
  ['dead-letters-many', 10, only('DeadLetters', 40, /^deliver$/)],
  ['partition-fails', 10, only('PartitionsFailed', 1, /^deliver$/)],
  ['group-lags', 10, only('OffsetLag', 1001, /^deliver2$/)],
  ['records-wait', 5, only('AppendToDeliver', 31_000)],
  ['nothing-is-consumed', 10, (name) => (/^(EventsStored|AppendToDeliver)$/.test(name) ? [] : null)],
  ['nothing-is-consumed', 10, only('FoldLag', [])],
  ['views-are-late', 5, only('FoldLag', 30_500)],
  ['delivery-is-late', 5, only('AcceptToPost', [100, 5100])],
  ['subscriptions-behind', 10, only('SubscriptionsBehind', 13)],
  ['connections-gone', 10, only('ConnectionsGone', 200)],
  ['posts-throttled', 10, only('PostsThrottled', 250)],
  ['functions-fail', 10, only('Errors', 1, /^write$/)],
  ['functions-fail-2', 10, only('Errors', 1, /^fold$/)],
  ['functions-fail-3', 10, only('Errors', 1, /^deliver2$/)],
  ['functions-throttled', 3, only('Throttles', 1, /^read$/)],
  ['functions-throttled-2', 3, only('Throttles', 1, /^connect$/)],
  ['functions-throttled-3', 3, only('Throttles', 1, /^deliver2$/)],
  ['functions-near-limit', 3, only('Duration', 25_500, /^read$/)],
  ['functions-near-limit-2', 3, only('Duration', 9100, /^deliver$/)],
  ['replay-records-stopped', 15, only('Invocations', [], /^replay-records$/)],
  ['replay-events-stopped', 15, only('Errors', 60, /^replay-events$/)],
  ['signing-keys-stopped', 180, only('Invocations', [], /^signing-keys$/)],
  ['people-stopped', 30, only('Errors', 60, /^people$/)],
  ['gateway-fails', 3, only('5xx', 200)],
  ['socket-gateway-fails', 10, only('IntegrationError', 1)],
  ['table-reads-throttled', 3, only('ReadThrottleEvents', 1, /LogTable/)],
  ['table-writes-throttled', 3, only('WriteThrottleEvents', 1, /ClaimsTable/)],
]

describe('The alarms of a stage with an archive', () => {
  const withArchive = alarmList(
    { stage: 'prod', prefix: 'tidewire-prod' },
    [...KEYS, 'archive'].map((key) => ({ key, timeoutSeconds: key === 'read' ? 28 : 10 })),
  )
  const CASES_OF_ARCHIVE: readonly [alarm: string, minutes: number, wrong: Sample][] = [
    ['archive-stopped', 30, only('Invocations', [], /^archive$/)],
    ['partition-fails', 10, only('PartitionsFailed', 1, /^archive$/)],
    ['functions-fail-3', 10, only('Errors', 1, /^archive$/)],
  ]

  it.each(CASES_OF_ARCHIVE)('%s goes off within %d minutes', (name, minutes, wrong) => {
    const alarm = withArchive.find((one) => one.name === name)
    if (alarm === undefined) throw new Error(`there is no alarm ${name}`)
    const series = seriesOf(since(wrong))

    expect(new Set(statesOf(alarm, normal, 60))).toEqual(new Set(['OK']))
    expect(new Set(statesOf(alarm, idle, 60))).toEqual(new Set(['OK']))
    expect(alarmState(alarm, series, 299)).toBe('OK')
    expect(alarmState(alarm, series, 299 + minutes)).toBe('ALARM')
  })
})

describe('Each alarm', () => {
  it('has a case below', () => {
    const numbers = /-\d+$/
    const seen = new Set(CASES.map(([name]) => name.replace(numbers, '')))
    expect(new Set(alarms.map(({ name }) => name.replace(numbers, '')))).toEqual(seen)
  })

  it.each(alarms.map((alarm) => [alarm.name, alarm] as const))(
    '%s is quiet while all is well',
    (_name, alarm) => {
      expect(new Set(statesOf(alarm, normal, 60))).toEqual(new Set(['OK']))
    },
  )

  it.each(alarms.map((alarm) => [alarm.name, alarm] as const))('%s is quiet at night', (_name, alarm) => {
    expect(new Set(statesOf(alarm, idle, 60))).toEqual(new Set(['OK']))
  })

  it.each(CASES)('%s goes off within %d minutes', (name, minutes, wrong) => {
    const alarm = named(name)
    const series = seriesOf(since(wrong))

    expect(alarmState(alarm, series, 299)).toBe('OK')
    expect(alarmState(alarm, series, 299 + minutes)).toBe('ALARM')
  })

  it('has at most ten metrics, each of them used', () => {
    for (const { name, metrics, expression } of alarms) {
      expect.soft(metrics.length, name).toBeLessThanOrEqual(MOST_METRICS)
      expect.soft(new Set(metrics.map(({ id }) => id)).size, name).toBe(metrics.length)
      for (const metric of metrics)
        expect.soft(expression, `${name}: ${measured(metric)}`).toMatch(new RegExp(`\\b${metric.id}\\b`))
    }
  })

  it('has a name of its own and looks back a day at most, as CloudWatch requires', () => {
    expect(new Set(alarms.map(({ name }) => name)).size).toBe(alarms.length)
    for (const { name, periodSeconds, periods, datapoints } of alarms) {
      expect.soft(periodSeconds % 60, name).toBe(0)
      expect.soft(periodSeconds * periods, name).toBeLessThanOrEqual(86_400)
      expect.soft(datapoints, name).toBeLessThanOrEqual(periods)
    }
  })
})
