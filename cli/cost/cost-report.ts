import {
  type BreakEven,
  breakEvens,
  estimateAppsync,
  estimateCentrifugo,
  machinesOf,
} from './alternatives.ts'
import {
  type CostLine,
  estimateStage,
  KAFKA_TITLES,
  KAFKAS,
  type Kafka,
  type Stage,
  sumOf,
} from './estimate-stage.ts'
import { KNOWN_IN } from './prices.ts'
import { type Pollers, type Traffic, trafficOf, type Workload } from './traffic.ts'

/** What each way costs in a month with one Kafka, in USD. */
export type KafkaSums = {
  readonly kafka: Kafka
  readonly title: string
  readonly provisioned: number
  readonly onDemand: number
  readonly centrifugo: number
}

/** Everything that `tidewire cost` says. */
export type CostReport = {
  readonly workload: Workload
  readonly stage: Stage
  readonly pricesKnownIn: string
  readonly traffic: Traffic
  readonly lines: readonly CostLine[]
  readonly total: number
  readonly byKafka: readonly KafkaSums[]
  readonly appsync: number
  readonly machines: number
  readonly breakEvens: { readonly appsync: readonly BreakEven[]; readonly centrifugo: readonly BreakEven[] }
  /** What the reader must know of this workload. */
  readonly warnings: readonly string[]
}

/** The requests per second that HTTP, sockets and posts of an account and region share, unless AWS raised them. */
export const ACCOUNT_RATE = 10_000

/** Compares a workload over all Kafkas and with the other ways; `stage` is the one that is shown line by line. */
export function reportCosts(workload: Workload, stage: Stage): CostReport {
  const traffic = trafficOf(workload, stage.pollers)
  const { region } = stage
  const lines = estimateStage(workload, traffic, stage)
  const sumWith = (kafka: Kafka, pollers: Pollers) =>
    sumOf(estimateStage(workload, trafficOf(workload, pollers), { ...stage, kafka, pollers }))
  return {
    workload,
    stage,
    pricesKnownIn: KNOWN_IN,
    traffic,
    lines,
    total: sumOf(lines),
    byKafka: KAFKAS.map((kafka) => ({
      kafka,
      title: KAFKA_TITLES[kafka],
      provisioned: sumWith(kafka, 'provisioned'),
      onDemand: sumWith(kafka, 'on-demand'),
      centrifugo: sumOf(estimateCentrifugo(workload, traffic, { ...stage, kafka })),
    })),
    appsync: sumOf(estimateAppsync(workload, traffic, region)),
    machines: machinesOf(workload),
    breakEvens: {
      appsync: breakEvens(workload, stage, (at, its) => estimateAppsync(at, its, region)),
      centrifugo: breakEvens(workload, stage, (at, its) => estimateCentrifugo(at, its, stage)),
    },
    warnings: warningsOf(workload, traffic, stage),
  }
}

function warningsOf(workload: Workload, traffic: Traffic, { kafka, pollers }: Stage): string[] {
  const { framesPerSecond, keepsUp } = traffic
  const used = framesPerSecond + workload.eventsPerSecond / workload.eventsPerPost
  const warnings: string[] = []
  if (!keepsUp)
    warnings.push(
      'One invocation does not end before the next full batch has come: it would lag more and more. Add shards or memory.',
    )
  if (used > ACCOUNT_RATE * 0.8)
    warnings.push(
      `${Math.round(used).toLocaleString('en-US')} requests per second are near or above the ${ACCOUNT_RATE.toLocaleString('en-US')} of an account: see docs/scale.md.`,
    )
  if (pollers === 'provisioned' && (kafka === 'confluent' || kafka === 'given'))
    warnings.push(
      'Mappings without a VPC are counted with an event poller unit each, because sharing them is documented within a VPC only.',
    )
  return warnings
}
