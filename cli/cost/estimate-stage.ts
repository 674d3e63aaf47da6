import { METRICS } from '#shared/pipeline/telemetry/metrics.ts'
import { countOf } from '../lib/printable.ts'
import { type PriceName, priceOf, type Region, transferCost } from './prices.ts'
import { MONTH_HOURS, PARTITIONS, type Pollers, type Traffic, type Workload } from './traffic.ts'

/** The Kafkas that a stage can have; `given` is one that runs already, self-managed or at Redpanda. */
export const KAFKAS = ['serverless', 'express', 'standard', 'confluent', 'given'] as const
export type Kafka = (typeof KAFKAS)[number]
export const KAFKA_TITLES: Readonly<Record<Kafka, string>> = {
  serverless: 'MSK Serverless',
  express: 'MSK Express, 3 brokers',
  standard: 'MSK Standard, 3 brokers',
  confluent: 'Confluent Basic',
  given: 'Redpanda or self-managed, given',
}

export type Stage = {
  readonly kafka: Kafka
  readonly pollers: Pollers
  readonly region: Region
  /** What a given Kafka costs in a month, in USD. */
  readonly kafkaCost: number
}

/** One line of an estimate: what is paid for, how much of it in a month, and USD. */
export type CostLine = {
  readonly part: string
  readonly what: string
  readonly amount: number
  readonly usd: number
}

/** Topics in `custom.topics.names` of serverless.yml; the test compares it. */
export const TOPICS = 9
const GIGABYTE = 1e9
/** Headers, keys and what Kafka adds, in bytes per event. */
const RECORD_OVERHEAD = 250
/** The default of the retention. */
const KEPT_DAYS = 7
/** Zones of a VPC that the stage creates: those of brokers, one in each (infra/parameters/read-network.ts). */
const BROKERS = 3
const ZONES_OF_SERVERLESS = 2
/** `brokerStorage` of serverless.yml. */
const VOLUME_GB = 100
/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html: 10 pollers or 20 MB/s for each unit. */
const POLLERS_PER_UNIT = 10
const UNIT_BYTES_PER_SECOND = 20e6

/** Requests and read and write units of DynamoDB; functions/round-trips.test.ts and `npm run bench -- --only units`. */
const UNITS = {
  /** Of each event: its claim and the event itself; and its claim again, read by `fold`. */
  writesPerEvent: 2,
  readsPerEvent: 1,
  /** Of each batch and partition: the head of the store, and the progress of the fold. */
  writesPerBatch: 2,
  /** The versions of the patterns that cover a channel, and of what was revoked. */
  readsPerBatch: 16,
  readsPerPing: 2,
  /** A ticket, its redemption, the connection, and `subscribe` with its row and version. */
  writesPerConnect: 9,
  readsPerConnect: 8,
} as const
/** Milliseconds that functions run with their memory: assumptions until somebody measures them in AWS. */
const RUN_MS = { write: 20, fold: 30, message: 10, connect: 20 } as const
/** MB that serverless.yml gives them; `deliver` and `fold` have --memory. */
const MEMORY = { write: 1024, message: 1024, connect: 512 } as const
/** The line with metrics and the ones that Lambda writes, for each invocation. */
const LOG_BYTES = 1100
const ACCESS_LOG_BYTES = 350
/** `METRICS` by function: each function reports about a third of them. */
const METRIC_SERIES = Math.round((Object.keys(METRICS).length / 3) * 12)
/** What 27 alarms look at, which are paid by their metrics, and the one over all pages (infra/observability/alarm-list.ts). */
const ALARM_METRICS = 132
const COMPOSITE_ALARMS = 1
/** Files of the page, which a viewer opens once a day. */
const REQUESTS_PER_PAGE = 30
const PAGE_HOURS = 24
/** Of records and of webhooks; the user of Kafka has one where it is not IAM. */
const SECRETS = 3
/** The share of invocations beyond one a second that X-Ray records. */
const TRACED_SHARE = 0.05

/** Returns what a stage costs in a month, line by line. Taxes, free tiers (but for traffic) and support are left out. */
export function estimateStage(workload: Workload, traffic: Traffic, stage: Stage): CostLine[] {
  const { region } = stage
  const line = (part: string, what: string, name: PriceName, amount: number): CostLine => ({
    part,
    what,
    amount,
    usd: priceOf(name, amount, region),
  })
  const invocations = invocationsOf(workload, traffic)
  return [
    ...kafkaLines(workload, traffic, stage, line),
    ...pollerLines(workload, stage, line),
    line(
      'API Gateway',
      'requests that post events or open sockets',
      'httpRequest',
      traffic.posts + traffic.connects,
    ),
    line('API Gateway', 'frames, by 32 KB', 'socketMessage', traffic.billedFrames),
    line(
      'API Gateway',
      'messages of clients, and answers',
      'socketMessage',
      2 * traffic.pings + 3 * traffic.connects,
    ),
    line('API Gateway', 'connection minutes', 'connectionMinute', traffic.connectionMinutes),
    {
      part: 'Transfer',
      what: 'GB of frames to the internet',
      amount: traffic.bytesOut / GIGABYTE,
      usd: transferCost(traffic.bytesOut / GIGABYTE, region),
    },
    line('Lambda', 'invocations', 'invocation', invocations.count),
    line('Lambda', 'GB-seconds', 'gigabyteSecond', invocations.gigabyteSeconds),
    ...tableLines(workload, traffic, line),
    ...fixedLines(invocations.count, workload, traffic, { stage, line }),
  ]
}

type MakeLine = (part: string, what: string, name: PriceName, amount: number) => CostLine

function invocationsOf({ memory, shards }: Workload, traffic: Traffic) {
  const { posts, batches, pings, connects, deliverMs } = traffic
  // A connection takes a ticket, $connect, subscribe and $disconnect.
  const runs = [
    [posts, RUN_MS.write, MEMORY.write],
    [batches * shards, deliverMs, memory],
    [batches, RUN_MS.fold, memory],
    [pings + connects, RUN_MS.message, MEMORY.message],
    [connects * 3, RUN_MS.connect, MEMORY.connect],
  ] as const
  const schedules = 4 * 60 * MONTH_HOURS
  return {
    count: runs.reduce((sum, [count]) => sum + count, schedules),
    gigabyteSeconds: runs.reduce((sum, [count, ms, mb]) => sum + (count * ms * mb) / 1000 / 1024, 0),
  }
}

function kafkaLines(
  { eventBytes, shards }: Workload,
  traffic: Traffic,
  stage: Stage,
  line: MakeLine,
): CostLine[] {
  const { events } = traffic
  const written = (events * (eventBytes + RECORD_OVERHEAD)) / GIGABYTE
  // Each shard reads everything, and so does the fold.
  const read = written * (shards + 1)
  const kept = (written * KEPT_DAYS * 24) / MONTH_HOURS
  switch (stage.kafka) {
    case 'serverless':
      return [
        line('Kafka', 'hours of the cluster', 'mskServerless', MONTH_HOURS),
        line('Kafka', 'hours of its partitions', 'mskPartition', MONTH_HOURS * TOPICS * PARTITIONS),
        line('Kafka', 'GB written', 'mskServerlessIn', written),
        line('Kafka', 'GB read', 'mskServerlessOut', read),
        line('Kafka', 'GB kept', 'mskStorage', kept),
      ]
    case 'express':
      return [
        line('Kafka', 'hours of 3 brokers', 'mskExpress', BROKERS * MONTH_HOURS),
        line('Kafka', 'GB written', 'mskExpressIn', written),
        line('Kafka', 'GB kept', 'mskStorage', kept),
      ]
    case 'standard':
      return [
        line('Kafka', 'hours of 3 brokers', 'mskStandard', BROKERS * MONTH_HOURS),
        // A volume is paid whether it is full or not.
        line('Kafka', 'GB of 3 volumes', 'mskStorage', BROKERS * Math.max(VOLUME_GB, kept)),
      ]
    case 'confluent':
      return [
        line('Kafka', 'GB written and read', 'confluentData', written + read),
        line('Kafka', 'GB kept, three times', 'confluentStorage', 3 * kept),
      ]
    case 'given':
      return [{ part: 'Kafka', what: 'as given with --kafka-cost', amount: 1, usd: stage.kafkaCost }]
  }
}

/** Whether the stage has a VPC, which its mappings share pollers in. */
const hasNetwork = ({ kafka }: Stage) => kafka !== 'confluent' && kafka !== 'given'

function pollerLines(
  { shards, eventBytes, eventsPerSecond }: Workload,
  stage: Stage,
  line: MakeLine,
): CostLine[] {
  if (stage.pollers === 'on-demand') return []
  const mappings = TOPICS * (shards + 1)
  const bytes = eventsPerSecond * (eventBytes + RECORD_OVERHEAD) * (shards + 1)
  const shared = Math.max(Math.ceil(mappings / POLLERS_PER_UNIT), Math.ceil(bytes / UNIT_BYTES_PER_SECOND))
  const units = hasNetwork(stage) ? shared : Math.max(mappings, shared)
  return [
    line('Lambda', `hours of ${countOf(units, 'event poller unit')}`, 'pollerUnit', units * MONTH_HOURS),
  ]
}

function tableLines(workload: Workload, traffic: Traffic, line: MakeLine): CostLine[] {
  const { events, batches, pings, connects } = traffic
  const { eventBytes, eventsPerPost, viewParts, shards } = workload
  const kilobytes = Math.max(1, Math.ceil((eventBytes + RECORD_OVERHEAD) / 1024))
  const writes =
    events * (UNITS.writesPerEvent - 1 + kilobytes) +
    batches * (UNITS.writesPerBatch + viewParts) +
    connects * UNITS.writesPerConnect +
    // The rate of a principal is sampled, one write for 25 events (docs/limits.md).
    events / Math.max(25, eventsPerPost)
  const reads =
    events * UNITS.readsPerEvent +
    // A shard above the first also reads what the first has stored.
    batches * (UNITS.readsPerBatch * shards + 2 * (shards - 1)) +
    pings * UNITS.readsPerPing +
    connects * UNITS.readsPerConnect
  const kept = ((events / MONTH_HOURS) * 24 * KEPT_DAYS * (eventBytes + RECORD_OVERHEAD + 200)) / GIGABYTE
  return [
    line('DynamoDB', 'write units', 'write', writes),
    line('DynamoDB', 'read units', 'read', reads),
    line('DynamoDB', 'GB kept', 'tableStorage', kept),
    line('DynamoDB', 'GB with point-in-time recovery', 'tableBackup', kept),
  ]
}

function fixedLines(
  invocations: number,
  { hours, viewers }: Workload,
  traffic: Traffic,
  { stage, line }: { readonly stage: Stage; readonly line: MakeLine },
): CostLine[] {
  const messages = traffic.pings + 3 * traffic.connects
  const requests = traffic.posts + traffic.connects
  const logged = invocations * LOG_BYTES + (messages + requests) * ACCESS_LOG_BYTES
  const steady = Math.min(invocations, MONTH_HOURS * 3600)
  // Secrets Manager; with on-demand pollers the cluster's subnets also reach Lambda and STS.
  const endpoints = hasNetwork(stage) ? (stage.pollers === 'on-demand' ? 3 : 1) : 0
  const zones = stage.kafka === 'serverless' ? ZONES_OF_SERVERLESS : BROKERS
  return [
    line('CloudWatch', 'GB of logs', 'logs', logged / GIGABYTE),
    // A metric is paid for the hours in which it has values.
    line('CloudWatch', 'metrics', 'metric', (METRIC_SERIES * hours) / MONTH_HOURS),
    line('CloudWatch', 'metrics of alarms', 'alarm', ALARM_METRICS),
    line('CloudWatch', 'alarms over alarms', 'compositeAlarm', COMPOSITE_ALARMS),
    line('KMS', 'the key of alarms', 'key', 1),
    line('X-Ray', 'traces', 'trace', steady + (invocations - steady) * TRACED_SHARE),
    line('Secrets', 'secrets', 'secret', SECRETS),
    line(
      'Network',
      `hours of ${countOf(endpoints, 'endpoint')} in ${zones} zones`,
      'endpoint',
      endpoints * zones * MONTH_HOURS,
    ),
    // The bytes of the page are within the free terabyte.
    line(
      'CloudFront',
      'requests of the page',
      'pageRequest',
      (viewers * hours * REQUESTS_PER_PAGE) / PAGE_HOURS,
    ),
  ]
}

/** Returns the sum of lines in USD. */
export function sumOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0)
}
