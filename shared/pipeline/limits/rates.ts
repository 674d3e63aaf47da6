/**
 * The classes of requests with the default rate of each, in requests per second: of one principal or, if nobody is
 * identified, of one client address. It is the rate over all instances of all functions (docs/limits.md).
 */
export const DEFAULT_RATES = {
  /** Reads that touch few items, such as a page of events, an event, a view. */
  read: 200,
  /** Reads that scan or hold: searches, CSV, `GET /events/since` with `wait`, dead letters, records of topics. */
  search: 50,
  /** What is written to Kafka: events and moves. */
  write: 500,
  /** Tickets for sockets. */
  tickets: 20,
  /** What has to do with accounts and credentials: keys, users, sign-out. */
  account: 20,
  /** Messages of all sockets of a principal. */
  messages: 500,
  /** Requests without credentials, of one address: documents, health, and what is refused with 401 or 404. */
  open: 100,
  /** Deliveries of one webhook source from one address. */
  webhook: 200,
  /** The only one that is no class of requests: wrong credentials of one address, per minute. */
  failures: 20,
} as const

/** Requests per second by class, and failures per minute; 0 is unlimited. */
export type Rates = Readonly<Record<keyof typeof DEFAULT_RATES, number>>
export type RateClass = Exclude<keyof Rates, 'failures'>

const NAMES = Object.keys(DEFAULT_RATES) as readonly (keyof Rates)[]
const MOST_PER_SECOND = 1_000_000

/**
 * Parses rates such as `read=100,write=50`; those that are not named keep their default, and `off` limits nothing. Throws
 * an Error that says what is wrong.
 */
export function parseRates(text: string): Rates {
  if (text.trim() === 'off') return unlimitedRates()
  const entries = text
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map(parseEntry)
  return { ...DEFAULT_RATES, ...Object.fromEntries(entries) }
}

function parseEntry(entry: string): [keyof Rates, number] {
  const [, name = '', digits = ''] = /^\s*([a-z]+)\s*=\s*(\d{1,7})\s*$/.exec(entry) ?? []
  const known = NAMES.find((candidate) => candidate === name)
  const rate = Number(digits)
  if (known === undefined || rate > MOST_PER_SECOND)
    throw new Error(`"${entry.trim()}" is not a rate such as read=100; the names are ${NAMES.join(', ')}`)
  return [known, rate]
}

function unlimitedRates(): Rates {
  const rates: Record<keyof Rates, number> = { ...DEFAULT_RATES }
  for (const name of NAMES) rates[name] = 0
  return rates
}
