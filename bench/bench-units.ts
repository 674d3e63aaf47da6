import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, type Row, round } from './measure/measure.ts'
import { faultsOf } from './measure/measure-phase.ts'
import type { BenchOptions } from './options.ts'
import { type CountedStack, startCountedStack } from './units/counted-stack.ts'
import { byTable, sumOf } from './units/sum-up.ts'

const IDLE_SECONDS = 5
const LONE = { rate: 0.5, perPost: 1, seconds: 20 }
/** With 100 viewers, 10 to a channel, each viewer hears 10 events per second of 100, and 50 of 500. */
const VIEWERS = 100
const RATES = [100, 500]

/**
 * DynamoDB requests and units per event, of deliver, fold and write together, counted by a proxy in front of the tables:
 * of lone events (one every 2 s, heard by 10) and under load; with the frames, and the messages of 32 KB that they are
 * billed as, per delivered event. What the stack requests without events is subtracted.
 */
export async function benchUnits(options: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const faults: string[] = []
  for (const { name, folder } of options.stacks) {
    const stack = await startCountedStack(folder, options.isApache)
    try {
      const { load } = stack
      await load.connect(10)
      await load.run({ viewers: 10, rate: 20, perPost: 1, seconds: 5 })
      const idle = await restingCalls(stack)
      const lone = await count(
        stack,
        { viewers: 10, ...LONE, seconds: options.seconds ?? LONE.seconds, ...options.ids },
        idle,
      )
      rows.push({ system: name, load: 'a lone event', ...lone.row }, ...lone.tables)
      await load.connect(VIEWERS)
      await load.run({ viewers: VIEWERS, rate: 50, perPost: 1, seconds: 3 })
      for (const rate of options.rates ?? RATES) {
        const plan = { viewers: VIEWERS, rate, perPost: 1, seconds: options.seconds ?? 5, ...options.ids }
        const { row, tables, phase } = await count(stack, plan, idle)
        faults.push(...faultsOf(`${name}, ${rate} events/s`, phase))
        rows.push({ system: name, load: `${rate} events/s, ${rate / 10} per viewer`, ...row }, ...tables)
      }
    } finally {
      await stack.stop()
    }
  }
  return { rows, faults }
}

/** Requests per second without events. */
async function restingCalls({ tables }: CountedStack): Promise<number> {
  await sleep(2000)
  tables.take()
  await sleep(IDLE_SECONDS * 1000)
  return tables.take().length / IDLE_SECONDS
}

type Plan = Parameters<CountedStack['load']['run']>[0]

async function count({ tables, gateway, load }: CountedStack, plan: Plan, idle: number) {
  await sleep(1000)
  tables.take()
  gateway.take()
  const begin = performance.now()
  const phase = await load.run(plan)
  await sleep(1000) // the fold and the commits end after the frames
  const seams = tables.take()
  const resting = (idle * (performance.now() - begin)) / 1000
  const { calls, read, write, areKnown } = sumOf(seams)
  const { events, delivered, frames, billedMessages } = phase
  const unitsOf = (units: number) => (areKnown ? round(units / events) : 'unknown')
  const row = {
    events,
    'DynamoDB calls per event': round(Math.max(0, calls - resting) / events),
    'read units per event': unitsOf(read),
    'write units per event': unitsOf(write),
    'idle calls per second': round(idle),
    'posts to connections per delivered event': round(gateway.take().length / delivered),
    'frames per delivered event': round(frames / delivered),
    'billable messages per delivered event': round(billedMessages / delivered),
    'p50 ms': round(phase.latency.p50),
  }
  return { row, phase, tables: byTable(seams, events) }
}
