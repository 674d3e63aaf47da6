import { type Outcome, type Row, round } from './measure/measure.ts'
import { faultsOf, type Measured, measurePhase } from './measure/measure-phase.ts'
import type { BenchOptions } from './options.ts'
import { takeTurns } from './systems/take-turns.ts'

const VIEWERS = 1000
const RATES = [100, 200, 400, 800, 1600, 3200, 6400]
/** Above this rate events are posted in batches: this is about pushing, not about accepting. */
const SINGLE_UP_TO = 200
const BATCH = 20
/** A server keeps up if its p99 is below a second and nothing is left over after the last post. */
const KEEPS_UP = { p99Ms: 1000, drainSeconds: 1 }

/**
 * Deliveries per CPU second with 1,000 viewers, each event heard by 10: the rate is doubled until the server does not
 * keep up. The last step is saturation, where a server that coalesces sends few large frames; how few is in the row.
 */
export async function benchCapacity(options: BenchOptions): Promise<Outcome> {
  const steps: { name: string; measured: Measured }[] = []
  const faults: string[] = []
  const viewers = options.viewers?.[0] ?? VIEWERS
  await takeTurns({ ...options, rounds: options.rounds ?? 1 }, async (turn) => {
    await turn.load.connect(viewers)
    await turn.load.run({ viewers, rate: 50, perPost: 1, seconds: 4 })
    for (const rate of options.rates ?? RATES) {
      const perPost = rate > SINGLE_UP_TO ? BATCH : 1
      const measured = await measurePhase(turn, {
        viewers,
        rate,
        perPost,
        seconds: options.seconds ?? 4,
        ...options.ids,
      })
      steps.push({ name: turn.name, measured })
      faults.push(...faultsOf(`${turn.name}, ${rate} events/s`, measured))
      if (!keepsUp(measured)) break
    }
  })
  const rows = options.contenders.flatMap(({ name }) =>
    steps.flatMap((step) => (step.name === name ? [rowOf(name, step.measured)] : [])),
  )
  return { rows, faults }
}

function keepsUp({ latency, drainSeconds }: Measured): boolean {
  return latency.p99 <= KEEPS_UP.p99Ms && drainSeconds <= KEEPS_UP.drainSeconds
}

function rowOf(name: string, measured: Measured): Row {
  const { plan, delivered, latency, serverCpu, kafkaCpu, frames, seconds, generator } = measured
  return {
    system: name,
    viewers: plan.viewers,
    'events per second': plan.rate,
    'events per post': plan.perPost,
    'keeps up': keepsUp(measured) ? 'yes' : 'no',
    'p50 ms': round(latency.p50),
    'p99 ms': round(latency.p99),
    'deliveries per second': round(delivered / seconds),
    'deliveries per CPU second': round(delivered / serverCpu),
    'with Kafka': round(delivered / (serverCpu + kafkaCpu)),
    'frames per delivered event': round(frames / delivered),
    'bytes per delivered event': round(measured.bytes / delivered),
    'server CPU of a core': round(serverCpu / seconds),
    'generator CPU of a core': round(generator.cpuSeconds / seconds),
  }
}
