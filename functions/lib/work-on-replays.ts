import type { Context } from 'aws-lambda'
import { answerInTime, timeLeft } from '#shared/adapters/lambda/answer-in-time.ts'
import { actorOf } from '#shared/core/audit.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import type { ReplayJob } from '#shared/pipeline/replays/replay-store.ts'
import { type RunDeps, runReplays } from '#shared/pipeline/replays/run-replay.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'

export type WorkerDeps = Measured &
  Pick<RunDeps, 'replays' | 'kinds' | 'newId'> & {
    readonly clock: Clock
    readonly audit: Audit
  }

/** A call by name with one replay, or the event of a schedule, which has none. */
export type WorkerCall = { readonly replay?: string }

/** Time kept back from the function's own limit, in which a slice ends and is saved, in milliseconds. */
const RESERVE_MS = 20_000

/**
 * Makes the handler of a worker: it works on the replay that it is called with, or on all that have no worker, until they
 * end or its time is over. The next one goes on. It never fails, because the schedule calls it again.
 */
export function workOnReplays({ audit, clock, telemetry, ...deps }: WorkerDeps) {
  const ended = (job: ReplayJob) => recordEnd(job, audit)
  const handle = async (call: WorkerCall, context: Context, signal: AbortSignal): Promise<null> => {
    const enough = new AbortController()
    const timer = setTimeout(() => enough.abort(), timeLeft(context, RESERVE_MS))
    try {
      const until = AbortSignal.any([signal, enough.signal])
      await runReplays(call, { ...deps, clock, ended, signal: until })
    } finally {
      clearTimeout(timer)
    }
    return null
  }
  return answerInTime(handle, {
    late: () => {
      logError('a slice of a replay took too long; another worker does it again')
      return null
    },
    telemetry,
  })
}

/** Writes down what a replay has done, in the name of the principal that created it. */
async function recordEnd({ id, kind, principal, ...job }: ReplayJob, audit: Audit): Promise<void> {
  const { status, done, skipped, failed, error, request } = job
  const common = {
    principal: actorOf(principal),
    caller: {},
    details: { kind, status, done, skipped, failed, ...(error !== undefined && { error }) },
  }
  const reason = typeof request.reason === 'string' ? { reason: request.reason } : {}
  await audit.record({ ...common, action: 'replays.ended', target: id, ...reason })
  if (kind === 'dead-letters') await audit.record({ ...common, action: 'dead-letters.replayed', target: id })
  if (kind === 'discard')
    await audit.record({ ...common, action: 'dead-letters.discarded', target: id, ...reason })
  if (kind === 'views' && status === 'done')
    await audit.record({ ...common, action: 'views.rebuilt', target: namesIn(request.topics) })
}

function namesIn(topics: unknown): string {
  return Array.isArray(topics) ? topics.join(', ') : ''
}
