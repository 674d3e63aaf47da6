import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import {
  isOver,
  type ReplayCounts,
  type ReplayJob,
  type ReplayKind,
  type ReplayMaterial,
  type ReplayStore,
} from './replay-store.ts'

/** How long the hold of a worker lasts, in milliseconds: it renews it while it works. */
export const LEASE_MS = 20_000
/** A replay that workers began so often without a checkpoint fails: something ends or stops each of them. */
const MOST_TRIES = 10

/** What a replay is made of. */
export type NewReplay = {
  readonly kind: ReplayKind
  readonly rate: number
  readonly total: number
  readonly request: Readonly<Record<string, unknown>>
  readonly material?: ReplayMaterial
  readonly checkpoint?: unknown
}

type Time = { readonly now: number }

/** Returns a new replay, which waits for a worker. Ids sort by the time of their creation. */
export function newReplay(
  given: NewReplay,
  { principal, now, random }: Time & { readonly principal: Principal; readonly random: string },
): ReplayJob {
  return {
    ...given,
    id: `${now.toString(36).padStart(9, '0')}-${random}`,
    status: 'waiting',
    by: principal.name,
    created: now,
    changed: now,
    done: 0,
    skipped: 0,
    failed: 0,
    principal,
    tries: 0,
    version: 1,
  }
}

/** Whether a text has the form of the id of a replay. */
export function isReplayId(text: string): boolean {
  return /^[0-9a-z]{9}-[\w-]{1,8}$/.test(text)
}

// The transitions are pure. Each returns the replay after it, or null if there is nothing to change.

/** A worker takes a replay that waits, or whose worker is dead. */
export function takeReplay(job: ReplayJob, owner: string, { now }: Time): ReplayJob | null {
  if (job.status !== 'waiting' && job.status !== 'running') return null
  if (job.lease && job.lease.until > now && job.lease.owner !== owner) return null
  if (job.tries >= MOST_TRIES) {
    const reason = job.error ?? 'each of its workers ended before it had done anything'
    return released({ ...job, status: 'failed', error: reason }, now)
  }
  const lease = { owner, until: now + LEASE_MS }
  return next({ ...job, status: 'running', lease, tries: job.tries + 1 }, now)
}

/**
 * What a slice of work has done. The counts are added; `isDone` ends the replay. One that is reported from its middle
 * keeps the lease also if an operator asked for something else meanwhile: its worker stops where it can.
 */
export type Slice = {
  readonly counts: ReplayCounts
  readonly checkpoint: unknown
  readonly isDone: boolean
  /** Where it was not known before. */
  readonly total?: number
}

/**
 * The worker with the lease has done a slice, also of a replay that was paused or cancelled meanwhile, which it then
 * leaves. Null if it lost its lease: then another worker does the slice again, and counts it.
 */
export function advanceReplay(
  job: ReplayJob,
  owner: string,
  { counts, checkpoint, isDone, total }: Slice,
  { now, isMiddle = false }: Time & { readonly isMiddle?: boolean },
): ReplayJob | null {
  if (job.lease?.owner !== owner) return null
  const { error: _, ...clean } = job
  const advanced = {
    ...clean,
    done: job.done + counts.done,
    skipped: job.skipped + counts.skipped,
    failed: job.failed + counts.failed,
    total: total ?? job.total,
    checkpoint,
    tries: 0,
  }
  const lease = { owner, until: now + LEASE_MS }
  if (isMiddle) return next({ ...advanced, lease }, now)
  if (job.status === 'cancelled') return released(advanced, now)
  if (isDone) return released({ ...advanced, status: 'done' }, now)
  if (job.status === 'paused') return released(advanced, now)
  return next({ ...advanced, status: 'running', lease }, now)
}

/** The worker is still at its slice. Null if it lost its lease. */
export function renewReplay(job: ReplayJob, owner: string, { now }: Time): ReplayJob | null {
  if (job.lease?.owner !== owner) return null
  return { ...job, lease: { owner, until: now + LEASE_MS }, version: job.version + 1 }
}

/** The worker stops: its time is over, or something went wrong that may pass. */
export function releaseReplay(
  job: ReplayJob,
  owner: string,
  { now, error }: Time & { readonly error?: string },
): ReplayJob | null {
  if (job.lease?.owner !== owner) return null
  const status = job.status === 'running' ? 'waiting' : job.status
  return released({ ...job, status, ...(error !== undefined && { error }) }, now)
}

/** The worker gives up for a reason that does not pass. */
export function failReplay(
  job: ReplayJob,
  owner: string,
  { now, error }: Time & { readonly error: string },
): ReplayJob | null {
  if (job.lease?.owner !== owner) return null
  if (job.status === 'cancelled') return released(job, now)
  return released({ ...job, status: 'failed', error }, now)
}

/** What an operator asks of a replay. */
export const REPLAY_MOVES = ['pause', 'resume', 'cancel'] as const
export type ReplayMove = (typeof REPLAY_MOVES)[number]

/**
 * Pauses, resumes or cancels. Its worker sees it after the slice that it is at, which still counts. Null where it is so
 * already. Throws Refusal `conflict` where it cannot be.
 */
export function steerReplay(job: ReplayJob, move: ReplayMove, { now }: Time): ReplayJob | null {
  if (move === 'cancel' && isRebuilding(job)) throw midRebuild(job)
  const refuse = (why: string): never => {
    throw new Refusal('conflict', `The replay ${job.id} is ${job.status}: ${why}`)
  }
  if (move === 'pause') {
    if (job.status === 'paused') return null
    return isOver(job) ? refuse('there is nothing to pause.') : next({ ...job, status: 'paused' }, now)
  }
  if (move === 'cancel') {
    if (job.status === 'cancelled') return null
    if (job.status === 'done') return refuse('there is nothing to cancel.')
    return next({ ...job, status: 'cancelled' }, now)
  }
  if (job.status === 'waiting' || job.status === 'running') return null
  if (job.status === 'done' || job.status === 'cancelled') return refuse('create another one.')
  const { error: _, ...clean } = job
  return next({ ...clean, status: 'waiting', tries: 0 }, now)
}

/** Whether a rebuild is in the middle of a topic, whose views are half built (./rebuild-views.ts). */
function isRebuilding({ kind, checkpoint }: ReplayJob): boolean {
  return kind === 'views' && typeof checkpoint === 'object' && checkpoint !== null && 'current' in checkpoint
}

function midRebuild({ id }: ReplayJob): Refusal {
  const detail = `The replay ${id} is rebuilding the views of a topic, which must not stay half built: cancel it when it is at the next topic, or let it end.`
  return new Refusal('conflict', detail)
}

function next(job: ReplayJob, now: number): ReplayJob {
  return { ...job, changed: now, version: job.version + 1 }
}

function released({ lease: _, ...job }: ReplayJob, now: number): ReplayJob {
  return next(job, now)
}

/**
 * Applies a transition to a replay as it is stored, again if somebody else changed it meanwhile. Returns it as it is
 * then, and whether the transition applied. Throws Refusal `not_found`, and what the transition throws.
 */
export async function changeReplay(
  store: ReplayStore,
  id: string,
  change: (job: ReplayJob) => ReplayJob | null,
): Promise<{ readonly job: ReplayJob; readonly isChanged: boolean }> {
  for (;;) {
    const job = await store.find(id)
    if (job === null) throw new Refusal('not_found', `There is no replay "${id}".`)
    const changed = change(job)
    if (changed === null) return { job, isChanged: false }
    if (await store.replace(changed)) return { job: changed, isChanged: true }
  }
}
