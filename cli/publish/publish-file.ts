import type { CliContext } from '../cli-context.ts'
import { CliError } from '../cli-error.ts'
import type { Connection } from '../connection-options.ts'
import { formatCount, printable } from '../printable.ts'
import type { OutgoingEvent } from './encode-record.ts'
import type { Mapping } from './map-record.ts'
import { type Input, openInput } from './open-input.ts'
import { createPostBatch, type PostBatch } from './post-batch.ts'
import { encodeRecords, publishRecords } from './publish-records.ts'
import { type ReadOptions, readRecords } from './read-records.ts'
import { sendBatch } from './send-batch.ts'
import { sendInLanes } from './send-in-lanes.ts'
import { type Progress, type ProgressView, showProgress } from './show-progress.ts'
import { createTally, type Refusal, type Report, type Tally } from './tally.ts'

export type PublishJob = {
  readonly file: string
  readonly mapping: Mapping
  readonly read: ReadOptions
  readonly lanes: number
  readonly limit: number | undefined
  readonly rate: number | undefined
  readonly timeoutMs: number
  /** Waits that tests shorten. */
  readonly timing: { readonly backoffMs: number; readonly lingerMs: number; readonly progressMs: number }
}

/** What became of it, and the error that stopped it, if one did. */
export type PublishOutcome = { readonly report: Report; readonly error: unknown }

const SHOWN_REFUSALS = 20

/** Publishes a file. What was done until an error is in the report as well. Throws CliError if the file cannot be read. */
export async function publishFile(
  job: PublishJob,
  connection: Connection,
  context: CliContext,
): Promise<PublishOutcome> {
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const input = await openInput(job.file, context.stdin, signal)
  const startedAt = performance.now()
  const tally = createTally((refusal, count) => noteRefusal(refusal, count, view.note))
  const read = (): Progress => progressOf(input, tally, job.limit)
  const view = showProgress({ stderr: context.stderr, read, everyMs: job.timing.progressMs })
  const post = createPost(job, connection, signal, view)
  const send = (batch: readonly OutgoingEvent[]): Promise<void> =>
    sendBatch(batch, post, tally).catch((error: unknown) => {
      // The input may be a pipe that stays silent, so the failure has to end the reading.
      failed.abort(error)
      throw error
    })
  const lanes = sendInLanes({ send, lanes: job.lanes, lingerMs: job.timing.lingerMs })
  let error: unknown = null
  try {
    await publishRecords(readRecords(job.file, input.chunks, job.read), lanes, { ...job, signal, tally })
  } catch (cause) {
    error = context.signal.aborted ? interrupted() : cause
  }
  await lanes.stop()
  view.stop()
  return { report: tally.report((performance.now() - startedAt) / 1000), error }
}

function createPost(
  { timeoutMs, timing }: PublishJob,
  connection: Connection,
  signal: AbortSignal,
  view: ProgressView,
): PostBatch {
  const onRetry = (reason: string, waitMs: number): void =>
    view.note(`${connection.url}: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`)
  return createPostBatch({ ...connection, timeoutMs, backoffMs: timing.backoffMs, signal, onRetry })
}

/** Yields the JSON of the events that publishing would send. Refusals go to stderr. */
export async function* previewFile(
  job: PublishJob,
  context: CliContext,
  tally: Tally,
): AsyncGenerator<string> {
  const input = await openInput(job.file, context.stdin, context.signal)
  for await (const event of encodeRecords(readRecords(job.file, input.chunks, job.read), { ...job, tally })) {
    if (event !== null) yield event.json
    if (tally.counts().records === job.limit) return
  }
}

/** Prints the first refusals; the summary counts them all. */
export function noteRefusal({ at, detail }: Refusal, count: number, note: (line: string) => void): void {
  if (count <= SHOWN_REFUSALS) note(printable(`refused: ${at} ${detail}`))
  if (count === SHOWN_REFUSALS)
    note(`${formatCount(SHOWN_REFUSALS)} refusals shown; further ones are only counted`)
}

function progressOf({ size, bytesRead }: Input, tally: Tally, limit: number | undefined): Progress {
  const { records, published } = tally.counts()
  const shares = [...(size ? [bytesRead() / size] : []), ...(limit ? [records / limit] : [])]
  return { share: shares.length === 0 ? null : Math.min(1, Math.max(...shares)), published }
}

function interrupted(): CliError {
  return new CliError(
    'interrupted; run the same command again to go on, what is published already is not repeated',
    {
      exitCode: 130,
    },
  )
}
