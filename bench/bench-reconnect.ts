import { setTimeout as sleep } from 'node:timers/promises'
import { startStack } from '../tests/support/start-stack.ts'
import { faultsOfTally, startClients } from './load/start-clients.ts'
import { type Outcome, type Row, round } from './measure/measure.ts'
import { treeCpuSeconds } from './measure/processes.ts'
import type { BenchOptions } from './options.ts'
import { startKafka } from './systems/start-kafka.ts'

const CLIENTS = 2000
const BEHIND = 500
const PATIENCE_MS = 60_000

/**
 * A storm: 2,000 clients of one channel leave, miss 500 events and come back at the same moment, each from its own
 * cursor. How long until each has all of them, and what it costs the server.
 */
export async function benchReconnect(options: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const faults: string[] = []
  for (const { name, folder } of options.stacks) {
    const kafka = await startKafka(options)
    const stack = await startStack({ cwd: folder, env: { KAFKA_BROKERS: kafka.endpoint } })
    const seats = options.viewers?.[0] ?? CLIENTS
    const clients = startClients({ ...urlsOf(stack), seats, audience: seats })
    try {
      await clients.open()
      await clients.post({ rate: 10, perPost: 1, seconds: 1 })
      await clients.settle(PATIENCE_MS)
      await sleep(1500) // a client stores its cursor within a second
      await clients.leave()
      await clients.post({ rate: BEHIND, perPost: 20, seconds: 1 })
      await sleep(2000)
      const [server, own] = [await treeCpuSeconds(stack.pid()), await treeCpuSeconds(clients.pid)]
      const [caughtUp] = await Promise.all([clients.settle(PATIENCE_MS), clients.open()])
      const tally = await clients.tally()
      faults.push(...faultsOfTally(`${name}, storm`, tally))
      rows.push({
        system: name,
        clients: seats,
        'events behind': BEHIND,
        'all caught up s': round(caughtUp.totalMs / 1000),
        'median client s': round(caughtUp.p50 / 1000),
        'p99 client s': round(caughtUp.p99 / 1000),
        'deliveries per second': round((seats * BEHIND) / (caughtUp.totalMs / 1000)),
        'server CPU s': round((await treeCpuSeconds(stack.pid())) - server),
        'CPU s of the clients': round((await treeCpuSeconds(clients.pid)) - own),
        lost: tally.lost,
        repeated: tally.repeated,
        errors: JSON.stringify(tally.errors),
      })
    } finally {
      await clients.stop()
      await stack.dispose()
      await kafka.stop()
    }
  }
  return { rows, faults }
}

function urlsOf({ httpUrl, socketUrl }: { httpUrl: string; socketUrl: string }) {
  return { httpUrl, socketUrl }
}
