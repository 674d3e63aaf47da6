import type { CliContext } from '../cli-context.ts'
import type { Connection } from '../connection-options.ts'
import { createPostBatch } from '../publish/post-batch.ts'
import { noteRefusal } from '../publish/publish-file.ts'
import { sendBatch } from '../publish/send-batch.ts'
import { type Lanes, sendInLanes } from '../publish/send-in-lanes.ts'
import { showProgress } from '../publish/show-progress.ts'
import { createTally, type Report } from '../publish/tally.ts'
import { encodeEvent } from './encode-event.ts'
import { paceEvents, type Rate } from './pace-events.ts'
import type { TimedEvent } from './simulate-domains.ts'

export type SimulationJob = {
  readonly events: Iterable<TimedEvent> | AsyncIterable<TimedEvent>
  /** The time of the first event in milliseconds; it counts as the events' time where `isDated`. */
  readonly begin: number
  readonly isDated: boolean
  readonly rate: Rate
  readonly count: number | undefined
  readonly durationMs: number | undefined
}

export type SimulationReport = Report & { readonly domains: Readonly<Record<string, number>> }

const TIMING = { backoffMs: 250, lingerMs: 50, progressMs: 10_000 }

/**
 * Sends simulated events, in order, in batches, for as long as they come, or until the count or the duration is
 * reached or the command is interrupted. While the stack is down it waits. Throws CliError on a refused request.
 */
export async function runSimulation(
  job: SimulationJob,
  connection: Connection,
  { stderr, signal: interrupted }: Pick<CliContext, 'stderr' | 'signal'>,
): Promise<SimulationReport> {
  const { count, durationMs } = job
  const over = durationMs === undefined ? [] : [AbortSignal.timeout(durationMs)]
  const failed = new AbortController()
  const ended = AbortSignal.any([interrupted, ...over])
  const signal = AbortSignal.any([ended, failed.signal])
  const startedAt = performance.now()
  const tally = createTally((refusal, number) => noteRefusal(refusal, number, view.note))
  const share = () => (count === undefined ? null : tally.counts().published / count)
  const read = () => ({ share: share(), published: tally.counts().published })
  const view = showProgress({ stderr, read, everyMs: TIMING.progressMs })
  const onRetry = (reason: string, waitMs: number): void =>
    view.note(`${connection.url}: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`)
  const options = { ...connection, timeoutMs: Infinity, backoffMs: TIMING.backoffMs, isPatient: true }
  const post = createPostBatch({ ...options, signal, onRetry })
  const lanes = sendInLanes({
    send: (batch) =>
      sendBatch(batch, post, tally).catch((error: unknown) => {
        failed.abort(error)
        throw error
      }),
    lanes: 1,
    lingerMs: TIMING.lingerMs,
  })
  const domains: Record<string, number> = {}
  try {
    await sendAll(job, lanes, signal, (domain) => {
      tally.read()
      domains[domain] = (domains[domain] ?? 0) + 1
    })
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason
    if (!ended.aborted) throw error
  } finally {
    await lanes.stop()
    view.stop()
  }
  return { ...tally.report((performance.now() - startedAt) / 1000), domains }
}

async function sendAll(
  job: SimulationJob,
  lanes: Lanes,
  signal: AbortSignal,
  onSent: (domain: string) => void,
): Promise<void> {
  let sent = 0
  for await (const event of paceEvents(job.events, job.rate, signal)) {
    onSent(event.domain)
    await lanes.add(encodeEvent(event, job))
    if (++sent === job.count) break
  }
  await lanes.end()
}
