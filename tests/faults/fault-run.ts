import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '#shared/testing/random.ts'
import { readLog } from '../support/api.ts'
import { checkDeliveries, type Findings, settle } from './check-deliveries.ts'
import { seatsOf } from './clients/audience.ts'
import { type Listener, listen } from './clients/listener.ts'
import { nothingProduced, type Produced, positionOf, produce } from './clients/produce.ts'
import { injectFaults } from './inject-faults.ts'
import { type Rig, startRig } from './start-rig.ts'

export type FaultRunOptions = {
  readonly seconds: number
  readonly seed: number
  readonly clients: number
  /** Events per second. */
  readonly rate: number
  /** After the last fault the run waits as long as something comes, and so many seconds longer. */
  readonly settleSeconds: number
  /** Told now and then how far the run is. */
  readonly onProgress?: (line: string) => void
}

export type FaultRun = {
  readonly options: FaultRunOptions
  readonly findings: Findings
  readonly produced: Produced
  readonly listeners: readonly Listener[]
  readonly rig: Rig
  readonly counts: { cuts: number; stalls: number; kills: number; downMs: number }
  readonly settledAfterMs: number
  /** Of the accepted events, those that are not in the log table; null when it could not be read. */
  readonly notStored: number | null
}

/**
 * Runs producers and clients over a real stack, while sockets, processes, DynamoDB and the gateway fail at random;
 * then lets everything settle and compares what was received with what was accepted.
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
  const stopTelling = tellProgress(options, produced, listeners)
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
    stopTelling()
    for (const { client } of listeners) client.close()
    await rig.dispose()
  }
}

async function countNotStored(httpUrl: string, { positions }: Produced): Promise<number | null> {
  try {
    const stored = new Set((await readLog(httpUrl, 'fault.**')).map((event) => positionOf(event)))
    return [...positions.values()].filter((position) => !stored.has(position)).length
  } catch {
    return null // the report then says that nobody knows
  }
}

const TELL_EVERY_MS = 15_000

function tellProgress(
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
  }, TELL_EVERY_MS)
  return () => clearInterval(timer)
}
