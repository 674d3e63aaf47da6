import { randomUUID } from 'node:crypto'
import { createRandom } from '#shared/testing/random.ts'
import { quantile } from '../../bench/measure/measure.ts'
import { startStack } from '../support/start-stack.ts'
import { checkDeliveries, type Findings, settle } from './check-deliveries.ts'
import { seatsOf } from './clients/audience.ts'
import { listen } from './clients/listener.ts'
import { nothingProduced, produce } from './clients/produce.ts'
import { tableOf } from './print-table.ts'

/** The gateway ends a connection at this age; the client changes connections at 13.5–15 s. */
const LIMIT_SECONDS = 20
const MOVE_ON_MS = 15_000

export type HandOverOptions = {
  readonly seconds: number
  readonly clients: number
  /** Events per second. */
  readonly rate: number
}

export type HandOvers = { readonly handOvers: number; readonly findings: Findings; readonly report: string }

/** Runs clients over a gateway that ends every connection after 20 s, under load and without any other fault. */
export async function runHandOvers({ seconds, clients, rate }: HandOverOptions): Promise<HandOvers> {
  const stack = await startStack({ env: { CONNECTION_SECONDS: String(LIMIT_SECONDS) } })
  const run = randomUUID().slice(0, 8)
  const produced = nothingProduced()
  const { httpUrl, socketUrl } = stack
  const options = { httpUrl, socketUrl, acceptedAt: produced.acceptedAt, maxConnectionMs: MOVE_ON_MS }
  const listeners = seatsOf(clients).map((seat) => listen(seat, options))
  try {
    await Promise.all(listeners.map(({ live }) => live))
    const plan = { until: performance.now() + seconds * 1000 }
    await produce({ httpUrl, run, rate, plan }, createRandom(1), produced)
    await settle(run, produced, listeners, 60)
    const findings = checkDeliveries(run, produced, listeners)
    const handOvers = listeners.reduce((sum, { sockets }) => sum + sockets - 1, 0)
    const interruptions = listeners.reduce((sum, listener) => sum + listener.interruptions, 0)
    const lags = Array.from(Float64Array.from(listeners.flatMap(({ lags }) => lags)).sort())
    const report = tableOf(`Make before break: ${seconds} s, a connection lives ${LIMIT_SECONDS} s at most`, [
      ['clients', clients],
      ['events accepted', `${produced.acceptedAt.size} at ${rate}/s`],
      ['deliveries', findings.delivered],
      ['hand-overs', handOvers],
      ['times a client was not live', interruptions],
      ['lag p50, p99, max', [0.5, 0.99, 1].map((part) => `${quantile(lags, part).toFixed(0)} ms`).join(', ')],
      ['lost, repeated, out of order', `${findings.lost}, ${findings.repeated}, ${findings.outOfOrder}`],
    ])
    return { handOvers, findings, report: report + findings.details.map((line) => `  ${line}\n`).join('') }
  } finally {
    for (const { client } of listeners) client.close()
    await stack.dispose()
  }
}
