import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '#shared/testing/random.ts'
import { quantile } from '../../bench/measure/measure.ts'
import { readLog } from '../support/api.ts'
import { checkDeliveries, type Findings, settle } from './check-deliveries.ts'
import { seatsOf } from './clients/audience.ts'
import { type Listener, listen } from './clients/listener.ts'
import { nothingProduced, type Produced, positionOf, produce } from './clients/produce.ts'
import { tableOf } from './print-table.ts'
import { type Rig, startRig } from './start-rig.ts'

type FaultRunOptions = {
  readonly seconds: number
  readonly seed: number
  readonly clients: number
  /** Events per second. */
  readonly rate: number
  /** After the last fault the run waits until no event has arrived for this number of seconds. */
  readonly settleSeconds: number
  /** Called from time to time with the progress of the run. */
  readonly onProgress?: (line: string) => void
}

type FaultCounts = { cuts: number; stalls: number; kills: number; downMs: number }

type FaultRun = {
  readonly options: FaultRunOptions
  readonly findings: Findings
  readonly produced: Produced
  readonly listeners: readonly Listener[]
  readonly rig: Rig
  readonly counts: FaultCounts
  readonly settledAfterMs: number
  /** Number of accepted events that are not in the log table; null if it could not be read. */
  readonly notStored: number | null
}

type FaultPlan = {
  /** When load and faults end, in `performance.now()`. Extended by the time that the stack is down. */
  until: number
  readonly seconds: number
}

/** With most of 20 clients connected most of the time, 10 minutes have a little over 1,000 cuts. */
const CUT_EVERY_MS = 300
const STALL_EVERY_MS = 7000
const REFUSE_EVERY_MS = 2500
const DYNAMODB_EVERY_MS = 3000
const KILL_EVERY_MS = 30_000

const PROGRESS_EVERY_MS = 15_000

/**
 * Runs producers and clients over a real stack, while sockets, processes, DynamoDB and the gateway fail at random;
 * then waits until everything is delivered and compares the received events with the accepted ones.
 */
export async function runFaults(options: FaultRunOptions): Promise<FaultRun> {
  const { seconds, seed, clients, rate, settleSeconds } = options
  const rig = await startRig(createRandom(seed), clients)
  const run = randomUUID().slice(0, 8)
  const produced = nothingProduced()
  const where = {
    httpUrl: rig.stack.httpUrl,
    socketUrl: `ws://127.0.0.1:${rig.sockets.port}`,
    acceptedAt: produced.acceptedAt,
  }
  const listeners: Listener[] = []
  const stopProgress = showProgress(options, produced, listeners)
  try {
    const joining = seatsOf(clients).map(async (seat) => {
      await sleep(seat.joins * seconds * 1000)
      const listener = listen(seat, where)
      listeners.push(listener)
      if (seat.joins === 0) await listener.live
      return seat
    })
    await Promise.all(joining.filter((_, index) => seatsOf(clients)[index]?.joins === 0))
    const plan = { until: performance.now() + seconds * 1000, seconds }
    const [counts] = await Promise.all([
      injectFaults(rig, plan, createRandom(seed + 1)),
      produce({ httpUrl: rig.stack.httpUrl, run, rate, plan }, createRandom(seed + 2), produced),
      ...joining,
    ])
    const settledAfterMs = await settle(run, produced, listeners, settleSeconds)
    const findings = checkDeliveries(run, produced, listeners)
    const notStored = await countNotStored(rig.stack.httpUrl, produced)
    return { options, findings, produced, listeners, rig, counts, settledAfterMs, notStored }
  } finally {
    stopProgress()
    for (const { client } of listeners) client.close()
    await rig.dispose()
  }
}

async function countNotStored(httpUrl: string, { positions }: Produced): Promise<number | null> {
  try {
    const stored = new Set((await readLog(httpUrl, 'fault.**')).map((event) => positionOf(event)))
    return [...positions.values()].filter((position) => !stored.has(position)).length
  } catch {
    return null // the report then shows that the log could not be read
  }
}

function showProgress(
  { onProgress }: FaultRunOptions,
  { acceptedAt }: Produced,
  listeners: readonly Listener[],
): () => void {
  const begin = performance.now()
  const timer = setInterval(() => {
    const states = Map.groupBy(listeners, ({ client }) => client.state)
    const delivered = listeners.reduce((sum, { lags }) => sum + lags.length, 0)
    const counts = [...states].map(([state, those]) => `${those.length} ${state}`).join(', ')
    const seconds = Math.round((performance.now() - begin) / 1000)
    onProgress?.(`${seconds} s: ${acceptedAt.size} accepted, ${delivered} delivered; clients: ${counts}`)
  }, PROGRESS_EVERY_MS)
  return () => clearInterval(timer)
}

/** Makes everything fail at random moments until the plan's end, and ends with everything running. */
async function injectFaults(rig: Rig, plan: FaultPlan, random: Random): Promise<FaultCounts> {
  const { sockets, gateway, dynamodb } = rig
  const counts: FaultCounts = { cuts: 0, stalls: 0, kills: 0, downMs: 0 }
  // A late request may outlive the function that made it: the time limit of deliver is 60 s.
  const longestDelayMs = plan.seconds >= 300 ? 65_000 : 8000
  gateway.trouble = true
  await Promise.all([
    atRandom(plan, CUT_EVERY_MS, random, () => {
      if (sockets.cut(random)) counts.cuts++
    }),
    atRandom(plan, STALL_EVERY_MS, random, () => {
      if (sockets.stall(random, random.between(1000, 12_000))) counts.stalls++
    }),
    atRandom(plan, REFUSE_EVERY_MS, random, () => gateway.refuseOne(random.between(300, 3000))),
    atRandom(plan, DYNAMODB_EVERY_MS, random, () =>
      dynamodb.beginTrouble(random.between(200, 2000), longestDelayMs),
    ),
    killNowAndThen(rig, plan, random, counts),
  ])
  gateway.trouble = false
  dynamodb.endTrouble()
  return counts
}

/** Calls `fault` repeatedly, `everyMs` apart on average. */
async function atRandom(plan: FaultPlan, everyMs: number, random: Random, fault: () => void): Promise<void> {
  for (;;) {
    const pause = random.between(0, 2 * everyMs)
    if (performance.now() + pause > plan.until) return
    await sleep(pause)
    fault()
  }
}

/** Kills the stack at least once, in the first half of a short run; every 30 s on average in a long one. */
async function killNowAndThen(
  { stack }: Rig,
  plan: FaultPlan,
  random: Random,
  counts: FaultCounts,
): Promise<void> {
  const everyMs = Math.min(KILL_EVERY_MS, (plan.seconds * 1000) / 2)
  for (;;) {
    await sleep(random.between(0.6, 1.4) * everyMs)
    if (performance.now() > plan.until) return
    await stack.stop('SIGKILL')
    counts.kills++
    const downMs = await stack.start()
    counts.downMs += downMs
    plan.until += downMs
  }
}

/** Returns the actions and findings of a fault run as a table with its seed. */
export function describeFaultRun({
  options,
  findings,
  produced,
  listeners,
  rig: { gateway, dynamodb },
  counts,
  settledAfterMs,
  notStored,
}: FaultRun): string {
  const lags = Float64Array.from(listeners.flatMap((listener) => listener.lags)).sort()
  const lag = (part: number) => `${(quantile(Array.from(lags), part) / 1000).toFixed(2)} s`
  const sum = (count: (listener: FaultRun['listeners'][number]) => number) =>
    listeners.reduce((total, listener) => total + count(listener), 0)
  const list = (faults: Record<string, number>) =>
    Object.entries(faults)
      .map(([name, times]) => `${name}: ${times}`)
      .join(', ')
  const { seconds, seed, clients, rate } = options
  const table = tableOf(`Fault run: ${seconds} s, ${clients} clients, ${rate} events/s, seed ${seed}`, [
    ['events accepted', produced.acceptedAt.size],
    ['posts tried again', `${produced.retries}, and ${produced.repeats} repeated after their 202`],
    ['deliveries', findings.delivered],
    ['posts to sockets', gateway.posts()],
    ['sockets opened', sum(({ sockets }) => sockets)],
    ['sockets cut', counts.cuts],
    ['sockets stalled', counts.stalls],
    ['kill -9', `${counts.kills}, ${(counts.downMs / 1000).toFixed(0)} s down`],
    ['gateway faults', list(gateway.faults)],
    ['DynamoDB faults', `${list(dynamodb.faults)} of ${dynamodb.requests()} requests`],
    ['HTTP catch-up pages', sum(({ catchUps }) => catchUps)],
    ['lag p50, p99, max', `${lag(0.5)}, ${lag(0.99)}, ${lag(1)}`],
    ['settled after', `${(settledAfterMs / 1000).toFixed(0)} s`],
    ['lost', findings.lost],
    ['accepted but not in the log', notStored ?? 'unknown: the log could not be read'],
    ['repeated', findings.repeated],
    ['out of order', findings.outOfOrder],
    ['not asked for', findings.unasked],
    ['not where the 202 said', `${findings.misplaced} deliveries, ${produced.contradictions} second 202s`],
    ['gaps reported', findings.gaps],
  ])
  return table + findings.details.map((line) => `  ${line}\n`).join('')
}
