import { InvalidArgumentError } from 'commander'
import type { Domain } from '#shared/domain/define-domain.ts'
import { usageError } from '../cli-error.ts'
import { toRfc3339 } from '../publish/parse-time.ts'
import type { Rate } from './pace-events.ts'
import { DATA_SETS, readDataSet } from './read-data-set.ts'
import type { SimulationJob } from './run-simulation.ts'
import { simulateDomains } from './simulate-domains.ts'

/** The options of `tidewire simulate` as commander reads them. */
export type SimulateOptions = {
  readonly rate?: Rate
  readonly seed: number
  readonly begin?: number
  readonly count?: number
  readonly duration?: number
  readonly replay?: string
  readonly json?: true
}

/** At their own pace, the rows of a data set would come in once a day or a month. */
const REPLAY_RATE: Rate = { kind: 'per second', value: 10 }
const OWN_PACE: Rate = { kind: 'times', value: 1 }

/** Reads `8` (events a second), `10x` (times faster than real) or `max`. */
export function parseRate(text: string): Rate {
  if (text === 'max') return { kind: 'max' }
  const [, number = '', times = ''] = /^(\d+(?:\.\d+)?|\.\d+)(x?)$/.exec(text) ?? []
  const value = Number(number)
  if (!(value > 0))
    throw new InvalidArgumentError('Give events a second such as 8, a speed such as 10x, or max.')
  return { kind: times === 'x' ? 'times' : 'per second', value }
}

/** Reads a seed: any whole number from 0. */
export function parseSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number of at most 15 digits.')
  return Number(text)
}

/** Reads the time of the first event. */
export function parseBegin(text: string): number {
  const time = toRfc3339(text)
  if (time === null) throw new InvalidArgumentError('Give a time such as 2026-01-31T06:00:00Z, or a date.')
  return Date.parse(time)
}

/** Turns the options into the job. Throws a usage error on a domain that cannot be simulated, or a data set that is not its own. */
export function readSimulationJob(
  name: string,
  options: SimulateOptions,
  catalog: readonly Domain[],
): SimulationJob & { readonly names: readonly string[] } {
  const chosen = chooseDomains(name, catalog)
  const { seed, count, replay } = options
  const durationMs = options.duration === undefined ? undefined : options.duration * 1000
  if (replay !== undefined) {
    const rate = options.rate ?? REPLAY_RATE
    // The rows are dated: each event keeps the time it has.
    return {
      events: chooseReplay(name, replay),
      names: [replay],
      begin: 0,
      isDated: true,
      rate,
      count,
      durationMs,
    }
  }
  const begin = options.begin ?? Date.now()
  const names = chosen.map((domain) => domain.name)
  const events = simulateDomains(chosen, { seed, begin })
  const isDated = options.begin !== undefined
  return { events, names, begin, isDated, rate: options.rate ?? OWN_PACE, count, durationMs }
}

function chooseDomains(name: string, catalog: readonly Domain[]): readonly Domain[] {
  const simulated = catalog.filter(({ simulate }) => simulate !== undefined)
  const chosen = name === 'all' ? simulated : simulated.filter((domain) => domain.name === name)
  if (chosen.length > 0) return chosen
  const names = [...simulated.map((domain) => domain.name), 'all'].join(', ')
  throw usageError(`there is no simulator for ${JSON.stringify(name)}; there are: ${names}`)
}

function chooseReplay(name: string, replay: string) {
  const set = Object.hasOwn(DATA_SETS, replay) ? DATA_SETS[replay] : undefined
  const names = Object.keys(DATA_SETS).join(', ')
  if (set === undefined)
    throw usageError(`there is no data set ${JSON.stringify(replay)}; there are: ${names}`)
  if (set.domain !== name)
    throw usageError(`${replay} belongs to ${set.domain}: tidewire simulate ${set.domain} --replay ${replay}`)
  return readDataSet(replay, set)
}
