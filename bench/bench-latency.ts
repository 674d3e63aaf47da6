import type { Plan } from './load/load.ts'
import { median, type Outcome, type Row, round, spread } from './measure/measure.ts'
import { faultsOf, type Measured, measurePhase } from './measure/measure-phase.ts'
import type { BenchOptions } from './options.ts'
import { takeTurns } from './systems/take-turns.ts'

/** Events per second with each number of viewers in a quick run. */
const QUICK = { 1: [100], 100: [5, 20, 100, 500, 1000], 1000: [100] } as const
/** From this rate on events are posted in batches. */
const BATCHED_FROM = 1000
const BATCH = 20
const WARM_UP: Omit<Plan, 'viewers'> = { rate: 50, perPost: 1, seconds: 5 }
/** A server that needed this long after the last post has no more to show at higher rates. */
const GIVE_UP_SECONDS = 5

/**
 * From POST to the viewer's socket: Tidewire's local stack beside its peers, with the same events, viewers and Kafka.
 * Each event is heard by 10 viewers, or by the one.
 */
export async function benchLatency(options: BenchOptions): Promise<Outcome> {
  const cells = new Map<string, Measured[]>()
  const faults: string[] = []
  await takeTurns({ ...options, rounds: options.rounds ?? 2 }, async (turn) => {
    // Not more viewers than the first cell has: those that are connected stay.
    const [[first = 1] = []] = gridOf(options)
    await turn.load.connect(first)
    await turn.load.run({ ...WARM_UP, viewers: first, ...options.ids })
    for (const [viewers, rates] of gridOf(options)) {
      await turn.load.connect(viewers)
      for (const rate of rates) {
        const perPost = rate >= BATCHED_FROM ? BATCH : 1
        const measured = await measurePhase(turn, {
          viewers,
          rate,
          perPost,
          seconds: options.seconds ?? 5,
          ...options.ids,
        })
        const cell = `${viewers} ${rate} ${turn.name}`
        cells.set(cell, [...(cells.get(cell) ?? []), measured])
        faults.push(...faultsOf(`${turn.name}, ${rate} events/s, ${viewers} viewers`, measured))
        if (measured.drainSeconds > GIVE_UP_SECONDS) break
      }
    }
  })
  return { rows: rowsOf(gridOf(options), options, cells), faults }
}

type Grid = readonly (readonly [viewers: number, rates: readonly number[]])[]

function gridOf({ viewers, rates }: BenchOptions): Grid {
  const quick = Object.entries(QUICK).map(([count, each]) => [Number(count), each] as const)
  if (viewers === null) return rates === null ? quick : quick.map(([count]) => [count, rates] as const)
  return viewers.toSorted((a, b) => a - b).map((count) => [count, rates ?? QUICK[100]] as const)
}

function rowsOf(grid: Grid, { contenders }: BenchOptions, cells: ReadonlyMap<string, Measured[]>): Row[] {
  return grid.flatMap(([viewers, rates]) =>
    rates.flatMap((rate) =>
      contenders.map(({ name }) =>
        rowOf({ viewers, rate, name }, cells.get(`${viewers} ${rate} ${name}`) ?? []),
      ),
    ),
  )
}

type Cell = { readonly viewers: number; readonly rate: number; readonly name: string }

function rowOf({ viewers, rate, name }: Cell, rounds: readonly Measured[]): Row {
  const head = { viewers, 'events per second': rate, system: name, rounds: rounds.length }
  if (rounds.length === 0) return { ...head, 'left out': 'it fell behind at a lower rate' }
  const each = (value: (phase: Measured) => number) => rounds.map(value)
  const middle = (value: (phase: Measured) => number) => round(median(each(value)))
  const sum = (value: (phase: Measured) => number) => each(value).reduce((total, one) => total + one, 0)
  return {
    ...head,
    'p50 ms': middle(({ latency }) => latency.p50),
    'p99 ms': middle(({ latency }) => latency.p99),
    'max ms': round(Math.max(...each(({ latency }) => latency.max))),
    'p50 of the rounds': spread(each(({ latency }) => latency.p50)),
    'p99 of the rounds': spread(each(({ latency }) => latency.p99)),
    'accepted p50 ms': middle(({ accepted }) => accepted.p50),
    deliveries: sum(({ delivered }) => delivered),
    lost: sum(({ lost }) => lost),
    repeated: sum(({ repeated }) => repeated),
    'out of order': sum(({ outOfOrder }) => outOfOrder),
    'frames per delivered event': round(sum(({ frames }) => frames) / sum(({ delivered }) => delivered)),
    'server CPU ms per event': middle(({ serverCpu, events }) => (1000 * serverCpu) / events),
    'Kafka CPU ms per event': middle(({ kafkaCpu, events }) => (1000 * kafkaCpu) / events),
    'deliveries per CPU second': middle(({ serverCpu, delivered }) => delivered / serverCpu),
    'drain s': middle(({ drainSeconds }) => drainSeconds),
    'generator CPU of a core': middle(({ generator, seconds }) => generator.cpuSeconds / seconds),
    'generator late p99 ms': middle(({ generator }) => generator.lateP99),
  }
}
