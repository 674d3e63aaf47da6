import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { seededRandom } from '#shared/core/random.ts'
import type { Domain, Emission } from '#shared/domain/define-domain.ts'
import { CliError } from '../lib/cli-error.ts'
import { readCsv } from '../lib/input/read-csv.ts'
import { toRfc3339 } from '../lib/parse-time.ts'

/** An event to send, its id, and when it happens: milliseconds of simulated time since the beginning. */
export type TimedEvent = {
  readonly elapsedMs: number
  readonly domain: string
  readonly id: string
  readonly event: Emission
}

/** A data set of https://github.com/vega/vega-datasets. */
type DataSet = {
  readonly domain: string
  readonly file: string
  /** Returns the events of a row; `time` is that of the row in milliseconds since 1970. */
  readonly eventsOf: (row: Readonly<Record<string, unknown>>, time: number) => readonly Emission[]
}

const HOUR_MS = 3_600_000
const SYMBOL = 'SP500'

/** The data sets that can be replayed. The coldest hour of a day is taken to be 5:00, the warmest 15:00. */
export const DATA_SETS: Readonly<Record<string, DataSet>> = {
  sp500: { domain: 'market', file: 'sp500.csv', eventsOf: ({ price }, time) => [tick(time, price)] },
  'sp500-daily': {
    domain: 'market',
    file: 'sp500-2000.csv',
    eventsOf: ({ close, volume }, time) => [tick(time, close, volume)],
  },
  seattle: {
    domain: 'sensors',
    file: 'seattle-weather.csv',
    eventsOf: ({ temp_min, temp_max }, time) => [
      reading(time + 5 * HOUR_MS, temp_min),
      reading(time + 15 * HOUR_MS, temp_max),
    ],
  },
}

/**
 * Yields the events of a data set with their own times. Ids are made of its name and a number, so that a second
 * replay adds nothing while the log keeps the first (7 days by default). Throws CliError if the package of the data
 * sets is not installed.
 */
export async function* readDataSet(name: string, set: DataSet): AsyncGenerator<TimedEvent> {
  let begin: number | null = null
  let count = 0
  for await (const row of readCsv(createReadStream(findFile(set.file)), { cast: true })) {
    if (!('value' in row)) continue
    for (const event of set.eventsOf(row.value, Date.parse(toRfc3339(row.value.date) ?? ''))) {
      const time = Date.parse(event.time ?? '')
      begin ??= time
      yield { elapsedMs: time - begin, domain: set.domain, id: `${name}-${++count}`, event }
    }
  }
}

function tick(time: number, price: unknown, volume?: unknown): Emission {
  const cents = Math.round(Number(price) * 100) / 100
  const data = { symbol: SYMBOL, price: cents, ...(volume !== undefined && { volume }) }
  return { type: 'market.tick', subject: SYMBOL, time: new Date(time).toISOString(), data }
}

function reading(time: number, temperature: unknown): Emission {
  const data = { sensorId: 'seattle', location: 'Seattle', temperature }
  return { type: 'sensor.reading', subject: 'seattle', time: new Date(time).toISOString(), data }
}

function findFile(file: string): string {
  try {
    return createRequire(import.meta.url)
      .resolve('vega-datasets')
      .replace(/build[/\\].*$/, `data/${file}`)
  } catch (cause) {
    throw new CliError(
      'the data sets are in the development dependency vega-datasets, which is not installed; run npm install first',
      { cause },
    )
  }
}

/**
 * Yields the events of several simulated domains, ordered by their time, without end. The events of a domain do not
 * depend on the others. Ids are made of the seed, the beginning and a number.
 */
export function* simulateDomains(
  domains: readonly Domain[],
  options: { readonly seed: number; readonly begin: number },
): Generator<TimedEvent> {
  let waiting = domains.flatMap((domain) => pull(simulateDomain(domain, options)))
  for (;;) {
    const [first, ...others] = waiting
    if (first === undefined) return
    const earliest = others.reduce((a, b) => (b.next.elapsedMs < a.next.elapsedMs ? b : a), first)
    yield earliest.next
    waiting = waiting.flatMap((one) => (one === earliest ? pull(one.source) : one))
  }
}

function* simulateDomain(
  { name, simulate }: Domain,
  { seed, begin }: { readonly seed: number; readonly begin: number },
): Generator<TimedEvent> {
  let elapsedMs = 0
  let count = 0
  for (const { waitMs, event } of simulate?.(seededRandom(`${name} ${seed}`), begin) ?? []) {
    elapsedMs += waitMs
    yield { elapsedMs, domain: name, id: `${seed}-${begin.toString(36)}-${++count}`, event }
  }
}

/** Returns a source with its next event; nothing at its end. */
function pull(source: Iterator<TimedEvent>) {
  const { value, done } = source.next()
  return done ? [] : [{ source, next: value }]
}
