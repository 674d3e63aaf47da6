import { parseArgs } from 'node:util'
import { bare, centrifugo, classic } from './systems/peers.ts'
import type { Contender } from './systems/system.ts'
import { tidewire } from './systems/tidewire.ts'

/** A checkout of this repository, perhaps of another commit. */
type Checkout = { readonly name: string; readonly folder: string }

export type BenchOptions = {
  /** Seconds of load, and how often all is measured in turns; null is the benchmark's own quick choice. */
  readonly seconds: number | null
  readonly rounds: number | null
  readonly minutes: number | null
  /** What the stack gets as RETENTION. */
  readonly retention: string | null
  /** How long all of it sleeps once, in seconds. */
  readonly sleep: number | null
  /** The size of Kafka's log to start with, or a data folder that has one. */
  readonly gigabytes: number | null
  readonly data: string | null
  /** Events per second, and viewers. */
  readonly rates: readonly number[] | null
  readonly viewers: readonly number[] | null
  /** Tidewire, perhaps of several commits, and its peers, as far as they are chosen. */
  readonly contenders: readonly Contender[]
  /** The checkouts of Tidewire among them. */
  readonly stacks: readonly Checkout[]
  readonly isApache: boolean
  /** Whether producers give single events an id, which costs a claim; otherwise the server makes it. */
  readonly ids: { readonly ids?: 'given' }
}

const OPTIONS = {
  only: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  minutes: { type: 'string' },
  retention: { type: 'string' },
  sleep: { type: 'string' },
  gigabytes: { type: 'string' },
  data: { type: 'string' },
  rates: { type: 'string' },
  viewers: { type: 'string' },
  systems: { type: 'string' },
  stack: { type: 'string', multiple: true },
  'apache-kafka': { type: 'boolean' },
  'given-ids': { type: 'boolean' },
  json: { type: 'boolean' },
  save: { type: 'boolean' },
  report: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** Reads the command line. Throws an error with what is wrong with it. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const options: BenchOptions = {
    seconds: numberOf('seconds', values.seconds),
    rounds: numberOf('rounds', values.rounds),
    minutes: numberOf('minutes', values.minutes),
    retention: values.retention ?? null,
    sleep: numberOf('sleep', values.sleep),
    gigabytes: numberOf('gigabytes', values.gigabytes),
    data: values.data ?? null,
    rates: numbersOf('rates', values.rates),
    viewers: numbersOf('viewers', values.viewers),
    ...chosenOf(values.systems, values.stack ?? [], env.CENTRIFUGO),
    isApache: values['apache-kafka'] ?? false,
    ids: values['given-ids'] ? { ids: 'given' } : {},
  }
  return { options, flags: values }
}

function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} ${text} is not a number above 0`)
  return number
}

function numbersOf(name: string, text: string | undefined): number[] | null {
  return text === undefined ? null : text.split(',').map((each) => numberOf(name, each) ?? 0)
}

/** `--stack before=../tidewire-55a0f0c` adds that checkout; `--systems tidewire,classic` chooses by name. */
function chosenOf(systems: string | undefined, folders: readonly string[], binary: string | undefined) {
  const checkouts = ['tidewire=.', ...folders].map((text): Checkout => {
    const [name = '', folder = name] = text.split('=')
    return { name, folder }
  })
  const peers = [classic, bare, ...(binary ? [centrifugo(binary)] : [])]
  const all = [...checkouts.map(({ name, folder }) => tidewire(name, folder)), ...peers]
  const names = systems?.split(',') ?? all.map(({ name }) => name)
  const unknown = names.find((name) => !all.some((contender) => contender.name === name))
  if (unknown)
    throw new Error(`there is no system ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`)
  return {
    contenders: all.filter(({ name }) => names.includes(name)),
    stacks: checkouts.filter(({ name }) => names.includes(name)),
  }
}
