import { estimateStage, sumOf } from '../cli/cost/estimate-stage.ts'
import { trafficOf } from '../cli/cost/traffic.ts'
import { type Row, type Rows, round } from './measure/measure.ts'
import type { BenchOptions } from './options.ts'
import { measureFanOut } from './scale/measure-fan-out.ts'
import { type FanOut, type FanOutResult, simulateFanOut } from './scale/simulate-fan-out.ts'

/** Of `deliver`, in MB; 1,769 are a whole CPU. */
const MEMORY = 1769
/** What is assumed of AWS: docs/scale.md says why. */
const CLOUD = {
  partitions: 3,
  accountRate: 10_000,
  burst: 5000,
  postsAtOnce: 64,
  postMs: 15,
  postCpuMs: 0.169 * (1769 / MEMORY),
  batchMs: 30,
  deadlineMs: 55_000,
  batchSize: 500,
} as const
const SIZES = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]
const SHARDS = [1, 4, 16]
/** More shards post no more than these where the account is the limit. */
const SHARDS_OF_MANY = [16]
const MANY = 1_000_000
/** What an account may be allowed on request. */
const RAISED_RATE = 40_000
/** Events that are waited for at least, where they are rare. */
const FEWEST_EVENTS = 30
const PING_SECONDS = 330
const CONNECTION_SECONDS = 7200
/** A ticket, `$connect`, and `subscribe` with what it is answered. */
const REQUESTS_PER_CONNECT = 4

type Mix = {
  readonly name: string
  readonly eventsPerSecond: (size: number) => number
  readonly fanOut: (size: number) => number
}
const MIXES: readonly Mix[] = [
  { name: 'all hear 1 event/s', eventsPerSecond: () => 1, fanOut: (size) => size },
  {
    name: 'each hears 1 event a minute, of 100',
    eventsPerSecond: (size) => size / 60 / 100,
    fanOut: () => 100,
  },
]

/**
 * The sharded fan-out in virtual time, for 100 to 10 million connections: frames per second, lag, 429s and the cost of a
 * month. Before that the simulation is compared with posts that are really made on this machine, limited by posts at once and by a rate.
 */
export async function benchScale({ seconds }: BenchOptions): Promise<Rows> {
  const rows: Row[] = []
  for (const point of POINTS) rows.push(await compare(point))
  for (const mix of MIXES)
    for (const connections of SIZES)
      for (const shards of connections < MANY ? SHARDS : SHARDS_OF_MANY)
        rows.push(await simulate(mix, { connections, shards, accountRate: CLOUD.accountRate }, seconds ?? 60))
  for (const mix of MIXES.slice(-1))
    rows.push(await simulate(mix, { connections: MANY, shards: 16, accountRate: RAISED_RATE }, seconds ?? 60))
  return rows
}

const POINTS = [
  { name: '8 posts at once', connections: 5000, rate: 1e6, burst: 1e6, delayMs: 15, postsAtOnce: 8 },
  { name: '1,000 posts/s', connections: 10_000, rate: 1000, burst: 500, delayMs: 15, postsAtOnce: 64 },
  { name: '2,000 posts/s', connections: 20_000, rate: 2000, burst: 1000, delayMs: 15, postsAtOnce: 64 },
] as const

async function compare({ name, ...point }: (typeof POINTS)[number]): Promise<Row> {
  const measured = await measureFanOut(point)
  const { framesPerSecond, behindShare } = await simulateFanOut({
    ...CLOUD,
    ...point,
    // One event comes at once, and what is posted of it until the end that was measured counts.
    eventsPerSecond: 1e6,
    batchSize: 1,
    batchMs: 0,
    partitions: 1,
    shards: 1,
    fanOut: point.connections,
    accountRate: point.rate,
    otherRate: 0,
    // What a timer adds to the delay of the server.
    postMs: point.delayMs + 1,
    postCpuMs: measured.postCpuMs,
    seconds: measured.seconds,
  } satisfies FanOut)
  return {
    what: name,
    'posts measured': point.connections,
    'frames/s measured': round(measured.framesPerSecond),
    'frames/s simulated': round(framesPerSecond),
    ratio: round(framesPerSecond / measured.framesPerSecond),
    'behind measured %': round((1 - measured.sentShare) * 100),
    'behind simulated %': round(behindShare * 100),
    'ms CPU of a post': round(measured.postCpuMs),
  }
}

type Size = Pick<FanOut, 'connections' | 'shards' | 'accountRate'>

async function simulate(mix: Mix, size: Size, atLeast: number): Promise<Row> {
  const { connections, shards, accountRate } = size
  const [eventsPerSecond, fanOut] = [mix.eventsPerSecond(connections), mix.fanOut(connections)]
  const otherRate =
    connections / PING_SECONDS + (connections * REQUESTS_PER_CONNECT) / CONNECTION_SECONDS + eventsPerSecond
  const seconds = Math.max(atLeast, FEWEST_EVENTS / eventsPerSecond)
  const result = await simulateFanOut({
    ...CLOUD,
    connections,
    shards,
    accountRate,
    eventsPerSecond,
    fanOut,
    otherRate,
    seconds,
  })
  const wanted = eventsPerSecond * fanOut
  return {
    mix: mix.name,
    connections,
    shards,
    'requests/s allowed': accountRate,
    'frames/s wanted': round(wanted),
    'other requests/s': round(otherRate),
    'frames/s': round(result.framesPerSecond),
    'lag p50 ms': round(result.lagP50),
    'lag p99 ms': round(result.lagP99),
    '429 %': round(result.throttledShare * 100),
    'behind %': round(result.behindShare * 100),
    'keeps up': keepsUp(result, accountRate - otherRate) ? 'yes' : 'no',
    'USD a month': round(costOf(connections, eventsPerSecond, fanOut, shards)),
  }
}

function keepsUp({ behindShare, waitingShare }: FanOutResult, left: number): boolean {
  return behindShare < 0.01 && waitingShare < 0.05 && left > 0
}

function costOf(viewers: number, eventsPerSecond: number, fanOut: number, shards: number): number {
  const workload = {
    eventsPerSecond,
    viewers,
    fanOut,
    shards,
    hours: 730,
    eventBytes: 600,
    eventsPerPost: 1,
    activeTopics: 1,
    viewParts: 1,
    windowMs: 0,
    pingSeconds: PING_SECONDS,
    memory: MEMORY,
  }
  const stage = { kafka: 'serverless', pollers: 'provisioned', region: 'us-east-1', kafkaCost: 0 } as const
  return sumOf(estimateStage(workload, trafficOf(workload, 'provisioned'), stage))
}
