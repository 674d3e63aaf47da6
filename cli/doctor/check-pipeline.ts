import { callApi, type Health, send } from '../lib/call-api.ts'
import type { Connection } from '../lib/connection.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import type { Self } from './check-access.ts'
import { duration, type Finding, finding } from './finding.ts'

/** What `GET /streams` says of Kafka, as far as it is looked at. */
export type Streams = {
  readonly brokers: readonly unknown[]
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly replicas: readonly number[]
      readonly inSync: readonly number[]
    }[]
  }[]
  readonly groups: readonly {
    readonly name: string
    readonly state: string
    readonly members: readonly unknown[]
    readonly lag: number
    readonly lagMs: number | null
  }[]
}

/** A consumer that is further behind is worth a look. */
const LAG_MS = 60_000
const PAGE = 500

/** Returns what Kafka is as the stack sees it, or why that is not known. */
export async function readStreams(connection: Connection, { actions }: Self): Promise<Streams | Finding> {
  if (!actions.includes('streams.list'))
    return finding('kafka', 'skipped', 'it takes the role operator to ask for it')
  const response = await send({ route: 'GET /streams' }, connection)
  if (response.ok) return (await response.json()) as Streams
  if (response.status === 404 || response.status === 405)
    return finding('kafka', 'skipped', 'this stack does not tell: it is of a version without GET /streams')
  return finding(
    'kafka',
    'fail',
    `the stack cannot reach Kafka (GET /streams returned ${response.status})`,
    'see whether the brokers run, and KAFKA_BROKERS and the security groups of the stack',
  )
}

/** Whether Kafka has brokers, the topics of the stack, and every replica in sync. */
export function checkKafka({ brokers, topics }: Streams, { topics: needed = [] }: Health): Finding {
  const names = new Set(topics.map(({ name }) => name))
  const missing = needed.filter((name) => !names.has(name))
  const detail = `${countOf(brokers.length, 'broker')}, ${countOf(topics.length, 'topic')}`
  if (brokers.length === 0)
    return finding('kafka', 'fail', 'there is no broker', 'see whether the cluster runs')
  if (missing.length > 0)
    return finding(
      'kafka',
      'fail',
      `the topics ${missing.join(', ')} are missing`,
      'create them (locally: restart npm start)',
    )
  const late = topics.flatMap(({ name, partitions }) =>
    partitions.some(({ replicas, inSync }) => inSync.length < replicas.length) ? [name] : [],
  )
  if (late.length === 0) return finding('kafka', 'ok', detail)
  return finding(
    'kafka',
    'warn',
    `${detail}; replicas of ${late.join(', ')} are behind`,
    'see the brokers of the cluster',
  )
}

/** Whether every consumer group keeps up. */
export function checkLag({ groups }: Streams): Finding {
  if (groups.length === 0)
    return finding(
      'consumers',
      'warn',
      'there is no consumer group',
      'see whether the MSK triggers are enabled',
    )
  const idle = groups.filter(({ members, lag }) => members.length === 0 && lag > 0)
  const late = groups.filter(({ lag, lagMs }) => lag > 0 && (lagMs ?? 0) > LAG_MS)
  const total = groups.reduce((sum, { lag }) => sum + lag, 0)
  const detail = `${countOf(groups.length, 'group')}, ${countOf(total, 'record')} behind`
  const describe = ({ name, lag, lagMs }: Streams['groups'][number]) =>
    `${name} is ${countOf(lag, 'record')} (${duration(lagMs ?? 0)}) behind`
  if (idle.length > 0)
    return finding(
      'consumers',
      'fail',
      `nothing consumes for ${idle.map(({ name }) => name).join(', ')}`,
      'see whether the MSK triggers of deliver and fold are enabled, and their logs',
    )
  if (late.length === 0) return finding('consumers', 'ok', detail)
  return finding(
    'consumers',
    'warn',
    late.map(describe).join(', '),
    'see: tidewire topics, and the logs of deliver and fold',
  )
}

/** Whether there are records that could not be processed. */
export async function checkDeadLetters(connection: Connection, { actions }: Self): Promise<Finding> {
  if (!actions.includes('dead-letters.read'))
    return finding('dead letters', 'skipped', 'it takes the role admin to ask for them')
  const found = await countOpen(connection)
  if (found.count === 0) return finding('dead letters', 'ok', 'none is open')
  const count = `${formatCount(found.count)}${found.hasMore ? ' or more' : ''}`
  return finding('dead letters', 'warn', `${count} open`, 'see: tidewire dead-letters')
}

/** Returns how many letters the first page has that has any. */
async function countOpen(
  connection: Connection,
): Promise<{ readonly count: number; readonly hasMore: boolean }> {
  for (let next: string | undefined; ; ) {
    const query = { limit: PAGE, next }
    const call = { route: 'GET /dead-letters', query, failure: 'the dead letters cannot be listed' }
    const page = await callApi<{ deadLetters: readonly unknown[]; next: string | null }>(call, connection)
    if (page.deadLetters.length > 0 || page.next === null)
      return { count: page.deadLetters.length, hasMore: page.next !== null }
    next = page.next
  }
}

/** How many events come, and whether the simulators of a local stack are on. */
export async function checkTraffic(connection: Connection, { demo }: Health): Promise<Finding> {
  const call = { route: 'GET /stats', failure: 'the statistics cannot be read' }
  const { eventsPerSecond, connections } = await callApi<{ eventsPerSecond: number; connections: number }>(
    call,
    connection,
  )
  const detail = `${eventsPerSecond} events/s, ${countOf(connections, 'connection')}`
  if (demo === undefined) return finding('traffic', 'ok', detail)
  if (!demo) return finding('traffic', 'ok', `${detail}; the demo is off`)
  if (eventsPerSecond > 0) return finding('traffic', 'ok', `${detail}; the demo is on`)
  return finding(
    'traffic',
    'warn',
    `${detail}, although the demo is on`,
    'see what npm start says about the demo',
  )
}
