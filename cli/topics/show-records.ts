import { Buffer } from 'node:buffer'
import type { BrowsedPage, ShownRecord } from '#shared/core/streams.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import type { Connection } from '../lib/connection.ts'
import { countOf, formatCount, printable } from '../lib/printable.ts'

/** Which records to print. */
export type RecordsJob = {
  readonly topic: string
  readonly partition: number
  readonly offset?: number
  readonly time?: string
  readonly last?: number
  readonly limit?: number
  readonly search?: string
  readonly field?: string
  readonly follow?: true
  readonly json?: true
}

const LIMIT = 20
const PAGE = 500
/** How long a request waits for a record, in seconds. */
const WAIT = 10

/**
 * Prints the records of a partition, oldest first: as many as wanted, or with `follow` all that comes until the command is
 * interrupted. Throws CliError with the server's reason.
 */
export async function showRecords(
  job: RecordsJob,
  connection: Connection,
  { stdout, stderr, signal }: CliContext,
): Promise<void> {
  const { topic, partition, offset, time, search, field, follow, json } = job
  const limit = job.limit ?? (follow ? Number.POSITIVE_INFINITY : LIMIT)
  const last = offset === undefined && time === undefined ? (job.last ?? Math.min(limit, LIMIT)) : undefined
  const print = json ? (record: ShownRecord) => JSON.stringify(record) : formatRecord
  const read = (from: Readonly<Record<string, string | number | undefined>>, most: number) => {
    const query = { ...from, limit: Math.min(PAGE, most), q: search, field }
    const call = {
      route: `GET /streams/${encodeURIComponent(topic)}/${partition}`,
      query,
      failure: `the records of ${printable(topic)}/${partition} cannot be read`,
    }
    return callApi<BrowsedPage>(call, connection)
  }
  const interrupted = new Promise<null>((done) => {
    signal.addEventListener('abort', () => done(null), { once: true })
    if (signal.aborted) done(null)
  })
  let [count, scanned] = [0, 0]
  let page = await Promise.race([read({ offset, time, last }, limit), interrupted])
  for (;;) {
    if (page === null) return
    for (const record of page.records) stdout.write(`${print(record)}\n`)
    count += page.records.length
    scanned += page.scanned
    const { next, latest } = page
    const isAtEnd = next >= latest
    if (count >= limit || (isAtEnd && !follow)) {
      const looked = scanned === count ? '' : ` of ${formatCount(scanned)} that were looked at`
      const more = isAtEnd ? 'up to the end' : `go on with --offset ${next}; the end is ${latest}`
      if (!json) stderr.write(`${countOf(count, 'record')}${looked}, ${more}\n`)
      return
    }
    const from = { offset: next, ...(isAtEnd && { wait: WAIT }) }
    page = await Promise.race([read(from, limit - count), interrupted])
  }
}

const PREVIEW = 100

/** One line: offset, time, key, and what the record says; "!" and the reason if no consumer can use it. */
function formatRecord({ offset, timestamp, key, value, event, problem, ahead, erased }: ShownRecord): string {
  const time = new Date(timestamp).toISOString()
  const said = event
    ? [event.type, event.subject, event.id].filter((one) => one !== undefined && one !== '').join(' ')
    : textOf(value)
  const marks = [
    ...(erased === undefined ? [] : ['(erased)']),
    ...(ahead ? ['(ahead)'] : []),
    ...(problem === undefined ? [] : [`! ${problem}`]),
  ]
  return printable([offset, time, key === null ? '-' : textOf(key), said, ...marks].join('  '))
}

function textOf(base64: string | null): string {
  return base64 === null ? '(no value)' : Buffer.from(base64, 'base64').toString('utf8').slice(0, PREVIEW)
}
