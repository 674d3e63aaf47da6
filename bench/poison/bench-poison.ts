import { runPoison } from '../../tests/faults/poison/poison-trial.ts'
import { type Outcome, round } from '../measure/measure.ts'
import type { BenchOptions } from '../options.ts'

const EVENTS = 10_000
/** 1 %, of all kinds in turn. */
const POISON = 100

/**
 * How much slower events are delivered with poison among them, and whether all of them are: clean runs and runs with
 * poison in turns, over one running stack.
 */
export async function benchPoison({ rounds }: Pick<BenchOptions, 'rounds'>): Promise<Outcome> {
  const times = rounds ?? 4
  const trial = await runPoison({
    events: EVENTS,
    poison: POISON,
    rounds: times,
    seed: Date.now() % 1_000_000,
  })
  const { findings, rounds: measured, letters } = trial
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const [cleanMs, poisonMs] = [
    sum(measured.map((one) => one.cleanMs)),
    sum(measured.map((one) => one.poisonMs)),
  ]
  const rate = (ms: number) => round((1000 * EVENTS * times) / ms)
  return {
    rows: [
      {
        'events of a run': EVENTS,
        'poison records': POISON,
        'clean: events per second': rate(cleanMs),
        'with poison: events per second': rate(poisonMs),
        'with poison / clean': round(cleanMs / poisonMs),
        'the same by round': measured.map((one) => round(one.cleanMs / one.poisonMs)).join(', '),
        'dead letters': sum([...letters.values()]),
      },
    ],
    faults: findings,
  }
}
