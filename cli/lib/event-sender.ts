import type { CliContext } from './cli-context.ts'
import { CliError } from './cli-error.ts'
import type { Connection } from './connection.ts'
import { createBatchSender } from './send-batch.ts'
import { type Lanes, type OutgoingEvent, sendInLanes } from './send-in-lanes.ts'
import { showProgress } from './show-progress.ts'
import { type Counts, createTally, type Report, type Tally } from './tally.ts'

export type SenderOptions = {
  readonly connection: Connection
  readonly context: Pick<CliContext, 'stderr' | 'clock'>
  /** Maximum of batches in flight; order is kept per partition key. */
  readonly lanes: number
  /** How long one batch is tried before sending fails. */
  readonly timeoutMs: number
  /** Whether to wait for an address that has not been reached yet. */
  readonly isPatient: boolean
  readonly progress: {
    /** Time between two lines where there is no terminal. */
    readonly everyMs: number
    /** The share that is done, from 0 to 1; null if it is unknown. */
    readonly share: (counts: Counts) => number | null
  }
  /** Takes the number of events whose ids other events have, which otherwise count as refused. */
  readonly onTaken?: (count: number) => void
  /** Ends the waiting for a server that cannot be reached. */
  readonly signal: AbortSignal
  /** Called when sending has failed, so that reading the input can be ended: it may be a pipe that stays silent. */
  readonly onFailure: (error: unknown) => void
}

export type EventSender = Pick<Lanes, 'add' | 'end'> & {
  readonly tally: Tally
  /** Drops what is not in flight, waits for what is, ends the progress, and returns the report. Never throws. */
  readonly stop: () => Promise<Report>
}

const LINGER_MS = 50

/** Sends events to the stack in batches, retries, and shows the progress, refusals and retries on stderr. */
export function openEventSender(options: SenderOptions): EventSender {
  const { connection, context, progress, signal, onFailure } = options
  const { clock, stderr } = context
  const startedAt = clock.elapsed()
  const tally = createTally((line) => view.note(line))
  const view = showProgress({
    stderr,
    everyMs: progress.everyMs,
    read: () => ({ share: progress.share(tally.counts()), done: tally.counts().published }),
  })
  const sendBatch = createBatchSender(
    {
      connection,
      timeoutMs: options.timeoutMs,
      isPatient: options.isPatient,
      clock,
      signal,
      onRetry: (reason, waitMs) =>
        view.note(`${connection.url}: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`),
      onTaken: options.onTaken,
      onRecovery: () => view.note(`${connection.url} responds again`),
    },
    tally,
  )
  const send = (batch: readonly OutgoingEvent[]): Promise<void> =>
    sendBatch(batch).catch((error: unknown) => {
      onFailure(error)
      throw error
    })
  const { add, end, stop } = sendInLanes({ send, lanes: options.lanes, lingerMs: LINGER_MS })
  return {
    tally,
    add,
    end,
    stop: async () => {
      await stop()
      view.stop()
      return tally.report((clock.elapsed() - startedAt) / 1000)
    },
  }
}

/** What a command that sends events throws when it is interrupted. */
export function interrupted(): CliError {
  return new CliError(
    'interrupted; run the same command again to go on, what is published already is not repeated',
    { exitCode: 130 },
  )
}
