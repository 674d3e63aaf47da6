import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { createPace } from '../lib/clock.ts'
import type { Connection } from '../lib/connection.ts'
import { interrupted, openEventSender } from '../lib/event-sender.ts'
import type { InputRecord } from '../lib/input/input-record.ts'
import type { OutgoingEvent } from '../lib/send-in-lanes.ts'
import type { Counts, Report, Tally } from '../lib/tally.ts'
import { deriveIds } from './derive-id.ts'
import { encodeRecord, isEvent, type Mapping, RecordError } from './map-record.ts'
import { openRecords, type ReadOptions, type RecordInput } from './read-records.ts'

export type PublishJob = {
  readonly read: ReadOptions
  readonly mapping: Mapping
  /** Maximum of batches in flight. */
  readonly lanes: number
  /** Maximum of records. */
  readonly limit: number | undefined
  /** Maximum of events per second. */
  readonly rate: number | undefined
  readonly timeoutMs: number
}

/** What was done, and the error that ended it early; null if there was none. */
export type PublishOutcome = { readonly report: Report; readonly error: unknown }

const PROGRESS_MS = 3000

/**
 * Publishes the records of a file as fast as they are accepted. A record that cannot be sent is counted, and the next
 * ones are sent. The report has what was done before an error, too. Throws CliError if the file cannot be opened.
 */
export async function publishFile(
  job: PublishJob,
  connection: Connection,
  context: CliContext,
): Promise<PublishOutcome> {
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const input = await openRecords(job.read, context.stdin, signal)
  const sender = openEventSender({
    connection,
    context,
    lanes: job.lanes,
    timeoutMs: job.timeoutMs,
    isPatient: false,
    progress: { everyMs: PROGRESS_MS, share: (counts) => shareOf(input, counts, job.limit) },
    signal,
    onFailure: (error) => failed.abort(error),
  })
  const waitTurn = createPace(job.rate, context.clock, signal)
  let error: unknown = null
  try {
    for await (const event of encodeRecords(input.records, job, sender.tally)) {
      await waitTurn()
      await sender.add(event)
      signal.throwIfAborted()
    }
    await sender.end()
  } catch (cause) {
    error = context.signal.aborted ? interrupted() : cause
  }
  return { report: await sender.stop(), error }
}

/**
 * Yields the events that `publishFile` would send, and counts the records and refusals in the tally. Throws CliError
 * if the file cannot be opened.
 */
export async function* previewFile(
  job: PublishJob,
  context: CliContext,
  tally: Tally,
): AsyncGenerator<OutgoingEvent> {
  const { records } = await openRecords(job.read, context.stdin, context.signal)
  yield* encodeRecords(records, job, tally)
}

/** Yields the events of the records up to the limit, without those that are refused. */
async function* encodeRecords(
  records: AsyncIterable<InputRecord>,
  { mapping, limit }: PublishJob,
  tally: Tally,
): AsyncGenerator<OutgoingEvent> {
  const giveId = deriveIds()
  for await (const record of records) {
    if (tally.counts().records === 0) assertType(record, mapping)
    tally.read()
    const event = encodeOrRefuse(record, (value) => encodeRecord(value, mapping, giveId), tally)
    if (event !== null) yield event
    if (tally.counts().records === limit) return
  }
}

function encodeOrRefuse(
  record: InputRecord,
  encode: (record: InputRecord) => OutgoingEvent,
  tally: Tally,
): OutgoingEvent | null {
  try {
    return encode(record)
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    tally.refused({ at: record.at, detail: error.message })
    return null
  }
}

// The first record shows what kind of file it is. It would not help to refuse a million records one by one.
function assertType(record: InputRecord, mapping: Mapping): void {
  if ('refused' in record || mapping.type !== undefined || isEvent(record.value, mapping)) return
  throw usageError(
    `${record.at} is not an event (it has no "type"); to publish plain records give their type, e.g. --type market.tick`,
  )
}

function shareOf(
  { size, bytesRead }: RecordInput,
  { records }: Counts,
  limit: number | undefined,
): number | null {
  const shares = [size ? bytesRead() / size : 0, limit ? records / limit : 0]
  return size || limit ? Math.min(1, Math.max(...shares)) : null
}
