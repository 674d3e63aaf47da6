import { type CostLine, estimateStage, type Stage, sumOf } from './estimate-stage.ts'
import { type PriceName, priceOf, type Region, transferCost } from './prices.ts'
import { MONTH_HOURS, type Traffic, trafficOf, type Workload } from './traffic.ts'

const GIGABYTE = 1e9
/** AppSync Events meters by 5 KB (https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-concepts.html). */
const OPERATION_BYTES = 5 * 1024

/**
 * Returns what the same deliveries cost with AppSync Events, published to it directly. It keeps no events, replays none
 * and has no order: what Kafka, the tables and the functions are for is not in this sum.
 */
export function estimateAppsync(workload: Workload, traffic: Traffic, region: Region): CostLine[] {
  const { events, deliveries, connects, connectionMinutes, bytesOut } = traffic
  const parts = Math.max(1, Math.ceil(workload.eventBytes / OPERATION_BYTES))
  const line = (what: string, name: PriceName, amount: number): CostLine => ({
    part: 'AppSync Events',
    what,
    amount,
    usd: priceOf(name, amount, region),
  })
  return [
    line('events published', 'appsyncOperation', events * parts),
    line('events delivered', 'appsyncOperation', deliveries * parts),
    line('connections and subscriptions', 'appsyncOperation', 2 * connects),
    line('connection minutes', 'appsyncMinute', connectionMinutes),
    transferLine(bytesOut, region),
  ]
}

/** What a machine of the size of c7g.large carries with room to spare: an assumption, of which docs/cost.md says more. */
const MACHINE = { connections: 50_000, deliveriesPerSecond: 40_000 } as const
/** https://aws.amazon.com/elasticloadbalancing/pricing/: connections at once and GB per hour of one capacity unit. */
const BALANCER_UNIT = { connections: 100_000, gigabytesPerHour: 1 } as const

/** Returns how many machines Centrifugo needs: two, so that one may fail, or more for the load. */
export function machinesOf({ viewers, eventsPerSecond, fanOut }: Workload): number {
  const forLoad = Math.ceil(
    Math.max(viewers / MACHINE.connections, (eventsPerSecond * fanOut) / MACHINE.deliveriesPerSecond),
  )
  return Math.max(2, forLoad + 1)
}

/**
 * Returns what Centrifugo on machines of one's own costs with the same Kafka: machines, a load balancer and traffic.
 * Who patches, scales and watches the machines is not in this sum, nor a store for more history than it keeps in memory.
 */
export function estimateCentrifugo(workload: Workload, traffic: Traffic, stage: Stage): CostLine[] {
  const { region } = stage
  const machines = machinesOf(workload)
  const gigabytes = traffic.bytesOut / GIGABYTE
  const perHour = workload.hours === 0 ? 0 : gigabytes / workload.hours
  const units = Math.max(
    workload.viewers / BALANCER_UNIT.connections,
    perHour / BALANCER_UNIT.gigabytesPerHour,
  )
  const kafka = estimateStage(workload, traffic, stage).filter(({ part }) => part === 'Kafka')
  const line = (what: string, name: PriceName, amount: number): CostLine => ({
    part: 'Centrifugo',
    what,
    amount,
    usd: priceOf(name, amount, region),
  })
  return [
    ...kafka,
    line(`hours of ${machines} machines`, 'machine', machines * MONTH_HOURS),
    line('hours of the load balancer', 'balancer', MONTH_HOURS),
    line('hours of its capacity units', 'balancerUnit', units * workload.hours),
    transferLine(traffic.bytesOut, region),
  ]
}

function transferLine(bytes: number, region: Region): CostLine {
  const gigabytes = bytes / GIGABYTE
  return {
    part: 'Transfer',
    what: 'GB of frames to the internet',
    amount: gigabytes,
    usd: transferCost(gigabytes, region),
  }
}

/** Rates of events between which a break-even is looked for. */
const LOWEST_RATE = 0.0001
const HIGHEST_RATE = 100_000
const STEPS = 200

/** The rate of events at which another way becomes cheaper or dearer than a stage, all else equal. */
export type BreakEven = { readonly eventsPerSecond: number; readonly isCheaperAbove: boolean }

/**
 * Returns the rates at which a stage begins to be cheaper, or stops to be, than `other`, lowest first; none if one of the
 * two is cheaper at every rate. The rate of events is varied, and nothing else of the workload.
 */
export function breakEvens(
  workload: Workload,
  stage: Stage,
  other: (workload: Workload, traffic: Traffic) => readonly CostLine[],
): BreakEven[] {
  const difference = (eventsPerSecond: number) => {
    const at = { ...workload, eventsPerSecond }
    const traffic = trafficOf(at, stage.pollers)
    return sumOf(estimateStage(at, traffic, stage)) - sumOf(other(at, traffic))
  }
  const rateOf = (step: number) => LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** (step / STEPS)
  const found: BreakEven[] = []
  for (let step = 0; step < STEPS; step++) {
    const [low, high] = [rateOf(step), rateOf(step + 1)]
    if (difference(low) > 0 === difference(high) > 0) continue
    found.push({ eventsPerSecond: crossing(difference, low, high), isCheaperAbove: difference(high) < 0 })
  }
  return found
}

function crossing(difference: (rate: number) => number, low: number, high: number): number {
  const isDearerBelow = difference(low) > 0
  for (let round = 0; round < 40; round++) {
    const middle = Math.sqrt(low * high)
    if (difference(middle) > 0 === isDearerBelow) low = middle
    else high = middle
  }
  return low
}
