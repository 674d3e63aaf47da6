import pLimit from 'p-limit'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { createPace } from '../lib/clock.ts'
import type { Connection } from '../lib/connection.ts'
import { type EventSender, interrupted, openEventSender } from '../lib/event-sender.ts'
import type { Report } from '../lib/tally.ts'
import { type ArchivePartition, readPartition } from './read-archive.ts'
import type { Survey } from './survey-archive.ts'

export type ArchiveReplay = {
  readonly partitions: readonly ArchivePartition[]
  readonly survey: Survey
  /** Maximum of partitions that are replayed at once. */
  readonly lanes: number
  /** Maximum of events per second. */
  readonly rate: number | undefined
  readonly timeoutMs: number
}

/** What was done, how many events the log had already, and the error that ended it early; null if there was none. */
export type ArchiveOutcome = { readonly report: Report; readonly known: number; readonly error: unknown }

const PROGRESS_MS = 3000

/** Publishes the events of an archive, in order in each partition. The report has what was done before an error, too. */
export async function replayArchive(
  { partitions, survey, lanes, rate, timeoutMs }: ArchiveReplay,
  connection: Connection,
  context: CliContext,
): Promise<ArchiveOutcome> {
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  let known = 0
  const sender = openEventSender({
    connection,
    context,
    lanes,
    timeoutMs,
    isPatient: false,
    progress: { everyMs: PROGRESS_MS, share: ({ records }) => records / Math.max(1, survey.count) },
    signal,
    onFailure: (error) => failed.abort(error),
    // The server fills in what a producer left out, so the same event is another one by its digest (docs/adr/0028).
    onTaken: (count) => {
      known += count
    },
  })
  const waitTurn = createPace(rate, context.clock, signal)
  const limit = pLimit(lanes)
  let error: unknown = null
  try {
    await Promise.all(
      partitions.map((partition) =>
        limit(async () => {
          signal.throwIfAborted()
          await replayPartition(partition, { survey, sender, waitTurn, signal })
        }),
      ),
    )
    await sender.end()
  } catch (cause) {
    failed.abort(cause)
    error = context.signal.aborted ? interrupted() : cause
  }
  return { report: await sender.stop(), known, error }
}

type Replaying = {
  readonly survey: Survey
  readonly sender: EventSender
  readonly waitTurn: () => Promise<void>
  readonly signal: AbortSignal
}

async function replayPartition(
  partition: ArchivePartition,
  { survey, sender, waitTurn, signal }: Replaying,
): Promise<void> {
  for await (const record of readPartition(partition)) {
    const event = survey.eventOf(record)
    if (event === null) continue
    sender.tally.read()
    const place = `${record.topic}/${record.partition}`
    const json = JSON.stringify(event)
    const bytes = Buffer.byteLength(json)
    const at = `${place}/${record.offset}`
    if (bytes > ACCEPT_LIMITS.eventBytes) {
      sender.tally.refused({ at, detail: `is larger than ${ACCEPT_LIMITS.eventBytes / 1024} KB` })
      continue
    }
    await waitTurn()
    // All events of a partition take one lane.
    await sender.add({ at, key: place, json, bytes })
    signal.throwIfAborted()
  }
}
