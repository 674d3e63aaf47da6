import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import type { Emission } from '#shared/domain/define-domain.ts'
import { CliError } from '../cli-error.ts'
import { toRfc3339 } from '../publish/parse-time.ts'
import { readCsv } from '../publish/read-csv.ts'
import type { TimedEvent } from './simulate-domains.ts'

type Row = Readonly<Record<string, unknown>>
type DataSet = {
  readonly domain: string
  readonly file: string
  /** The events of a row, whose `date` is read already. */
  readonly eventsOf: (row: Row, time: number) => readonly Emission[]
}

const HOUR_MS = 3_600_000
const SYMBOL = 'SP500'

function tick(time: number, price: unknown, volume?: unknown): Emission {
  const cents = Math.round(Number(price) * 100) / 100
  const data = { symbol: SYMBOL, price: cents, ...(volume !== undefined && { volume }) }
  return { type: 'market.tick', subject: SYMBOL, time: new Date(time).toISOString(), data }
}

function reading(time: number, temperature: unknown): Emission {
  const data = { sensorId: 'seattle', location: 'Seattle', temperature }
  return { type: 'sensor.reading', subject: 'seattle', time: new Date(time).toISOString(), data }
}

/** The data sets of vega-datasets that can be replayed. The coldest hour of a day is taken for 5:00, the warmest for 15:00. */
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
 * The events of a data set, with their own times. Ids are made of its name and a number: replayed again within 7 days,
 * it adds nothing. Throws CliError where the package is not installed.
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
