import { Refusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import {
  advanceReplay,
  changeReplay,
  failReplay,
  LEASE_MS,
  releaseReplay,
  renewReplay,
  type Slice,
  takeReplay,
} from './replay-job.ts'
import type { ReplayJob, ReplayKind, ReplayStore } from './replay-store.ts'

/**
 * Does one slice of a replay, from its checkpoint on. It may be done again after a crash, so what it does must be
 * repeatable, and it counts what it finds done by the same replay as done. `report` saves a checkpoint in the middle of
 * a long slice; it throws ReplayStopped if the replay has another worker, or was cancelled. Throws ReplayFailure for what does not pass.
 */
export type DoSlice = (
  job: ReplayJob,
  tools: { readonly signal: AbortSignal; readonly report: (slice: Slice) => Promise<void> },
) => Promise<Slice>

/** A reason for which a replay is given up: it is shown to its operator. */
export class ReplayFailure extends Error {
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options)
    this.name = 'ReplayFailure'
  }
}

/** The replay is not this worker's any more. */
export class ReplayStopped extends Error {
  constructor() {
    super('another worker has taken the replay')
    this.name = 'ReplayStopped'
  }
}

export type RunDeps = {
  readonly replays: ReplayStore
  readonly clock: Clock
  readonly newId: () => string
  /** Aborted shortly before the worker must end. */
  readonly signal: AbortSignal
  /** Does a slice of each kind that this worker can do. */
  readonly kinds: Readonly<Partial<Record<ReplayKind, DoSlice>>>
  /** Called when a replay is done or has failed. */
  readonly ended: (job: ReplayJob) => Promise<void>
}

/** Works on one replay, or on all that wait for a worker of this kind, until they end or the time is over. Never throws. */
export async function runReplays({ replay }: { readonly replay?: string }, deps: RunDeps): Promise<void> {
  try {
    const ids = replay === undefined ? await waitingFor(deps) : [replay]
    await Promise.all(ids.map((id) => runReplay(id, deps)))
  } catch (error) {
    logError('the replays could not be read', error)
  }
}

async function waitingFor({ replays, kinds, clock }: RunDeps): Promise<string[]> {
  const isFree = (job: ReplayJob) => job.lease === undefined || job.lease.until <= clock.now()
  const open = await replays.open()
  return open.filter((job) => kinds[job.kind] && job.status !== 'paused' && isFree(job)).map(({ id }) => id)
}

async function runReplay(id: string, deps: RunDeps): Promise<void> {
  const { replays, clock, newId } = deps
  const owner = newId()
  const now = () => ({ now: clock.now() })
  try {
    const taken = await changeReplay(replays, id, (job) =>
      deps.kinds[job.kind] ? takeReplay(job, owner, now()) : null,
    )
    if (!taken.isChanged) return
    if (taken.job.status === 'failed') return await deps.ended(taken.job)
    await work(taken.job, owner, deps)
  } catch (error) {
    const isOver = error instanceof ReplayFailure
    if (!isOver && !deps.signal.aborted && !(error instanceof ReplayStopped))
      logError('a slice of a replay failed', error, { replay: id })
    const isCalm = deps.signal.aborted || error instanceof ReplayStopped
    const reason = isCalm ? {} : { error: reasonOf(error) }
    const given = await changeReplay(replays, id, (job) =>
      isOver
        ? failReplay(job, owner, { ...now(), error: messageOf(error) })
        : releaseReplay(job, owner, { ...now(), ...reason }),
    ).catch((cause) => logError('a replay could not be released', cause, { replay: id }))
    if (given?.isChanged && given.job.status === 'failed') await deps.ended(given.job)
  }
}

/** Slice by slice, at the rate of the replay. */
async function work(first: ReplayJob, owner: string, deps: RunDeps): Promise<void> {
  const { replays, clock, signal, kinds } = deps
  const doSlice = kinds[first.kind]
  if (doSlice === undefined) return
  const save = async (slice: Slice, isMiddle = false): Promise<ReplayJob> => {
    const { job, isChanged } = await changeReplay(replays, first.id, (job) =>
      advanceReplay(job, owner, slice, { now: clock.now(), isMiddle }),
    )
    if (!isChanged) throw new ReplayStopped()
    return job
  }
  let job = first
  while (job.lease?.owner === owner) {
    signal.throwIfAborted()
    const began = clock.elapsed()
    const stop = new AbortController()
    const report = async (slice: Slice) => {
      const { status } = await save(slice, true)
      if (status === 'cancelled') throw new ReplayStopped()
    }
    const doing = doSlice(job, { signal: AbortSignal.any([signal, stop.signal]), report })
    const slice = await whileRenewing(doing, () => renew(first.id, owner, deps), clock, stop)
    job = await save(slice)
    const { counts } = slice
    const due = ((counts.done + counts.failed) / job.rate) * 1000 - (clock.elapsed() - began)
    if (job.lease?.owner === owner && due > 0) await clock.sleep(due)
  }
  if (job.status === 'done') await deps.ended(job)
}

/** What an operator may read of an error: its cause is in the log of the function. */
function reasonOf(error: unknown): string {
  const why = error instanceof Refusal ? error.message : 'an internal error; see the log of the function'
  return `a slice failed, and is tried again: ${why}`
}

/** Renews the lease while the slice is done. Stops it if the lease is lost. */
async function whileRenewing<T>(
  doing: Promise<T>,
  renewLease: () => Promise<boolean>,
  { sleep }: Clock,
  stop: AbortController,
): Promise<T> {
  let isDone = false
  const done = doing.finally(() => {
    isDone = true
  })
  done.catch(() => {}) // it is waited for below
  for (;;) {
    await Promise.race([done, sleep(LEASE_MS / 3)])
    if (isDone) return done
    if (!(await renewLease())) {
      stop.abort(new ReplayStopped())
      throw new ReplayStopped()
    }
  }
}

async function renew(id: string, owner: string, { replays, clock }: RunDeps): Promise<boolean> {
  const { isChanged } = await changeReplay(replays, id, (job) =>
    renewReplay(job, owner, { now: clock.now() }),
  )
  return isChanged
}
