import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, type Row, round } from './measure/measure.ts'
import type { BenchOptions } from './options.ts'
import { takeTurns } from './systems/take-turns.ts'

const SETTLE_MS = 5_000
const SECONDS = 10
const VIEWERS = 1000

/** What a server costs that does nothing: CPU and memory without viewers, and with 1,000 who hear nothing. */
export async function benchIdle(options: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const seconds = options.seconds ?? SECONDS
  const viewers = options.viewers?.[0] ?? VIEWERS
  await takeTurns({ ...options, rounds: options.rounds ?? 1 }, async ({ name, system, kafka, load }) => {
    const rest = async () => {
      await sleep(SETTLE_MS)
      const before = [await system.cpuSeconds(), await kafka.cpuSeconds()] as const
      await sleep(seconds * 1000)
      const after = [await system.cpuSeconds(), await kafka.cpuSeconds()] as const
      const megabytes = await system.megabytes()
      return {
        cpu: (100 * (after[0] - before[0])) / seconds,
        kafkaCpu: (100 * (after[1] - before[1])) / seconds,
        megabytes,
      }
    }
    const alone = await rest()
    const cpuBefore = await system.cpuSeconds()
    const milliseconds = await load.connect(viewers)
    const connectCpu = (await system.cpuSeconds()) - cpuBefore
    const watched = await rest()
    rows.push({
      system: name,
      '% of a core': round(alone.cpu),
      '% of a core, Kafka': round(alone.kafkaCpu),
      MB: round(alone.megabytes),
      viewers,
      'ms to connect and subscribe': round(milliseconds / viewers),
      'CPU ms to connect and subscribe': round((1000 * connectCpu) / viewers),
      '% of a core with viewers': round(watched.cpu),
      'kB per connection': round((1000 * Math.max(0, watched.megabytes - alone.megabytes)) / viewers),
    })
  })
  return { rows, faults: [] }
}
