import type { Principal } from '#shared/core/access/principal.ts'
import type { Position } from '#shared/core/event.ts'
import { DAY_SECONDS } from '#shared/core/retention.ts'

export const REPLAY_KINDS = ['dead-letters', 'discard', 'events', 'views'] as const
export type ReplayKind = (typeof REPLAY_KINDS)[number]

/**
 * `waiting` for a worker, `running`, `paused` until it is resumed; the others are final, except that a `failed` one can
 * be resumed.
 */
export const REPLAY_STATUSES = ['waiting', 'running', 'paused', 'done', 'cancelled', 'failed'] as const
export type ReplayStatus = (typeof REPLAY_STATUSES)[number]

/** What became of the items of a replay so far. Their sum is `total` when it is done. */
export type ReplayCounts = {
  readonly done: number
  /** There was nothing to do: another replay settled the letter, or an event does not match. */
  readonly skipped: number
  readonly failed: number
}

/** A replay as the API shows it. Times are milliseconds since 1970. */
export type Replay = ReplayCounts & {
  /** Grows with the time of its creation. */
  readonly id: string
  readonly kind: ReplayKind
  readonly status: ReplayStatus
  /** The name of the principal that created it. */
  readonly by: string
  readonly created: number
  readonly changed: number
  /** The maximum number of items in a second. */
  readonly rate: number
  /** How many items there are. */
  readonly total: number
  readonly request: Readonly<Record<string, unknown>>
  /** Why it failed, or what went wrong last. */
  readonly error?: string
}

/** The hold of a worker on a replay, until a time in milliseconds since 1970. A worker that dies loses it then. */
type ReplayLease = { readonly owner: string; readonly until: number }

/**
 * The secret that posts are signed with, and the event that takes the place of a dead letter. An event is text, because no
 * number of a table has its digits; an earlier version kept it as an object.
 */
export type ReplayMaterial = { readonly secret?: string; readonly event?: unknown }

/** A replay with what only its workers need. */
export type ReplayJob = Replay & {
  readonly principal: Principal
  readonly lease?: ReplayLease
  /** How far it is: what a worker continues from. Its form belongs to the kind. */
  readonly checkpoint?: unknown
  /** How often a worker began since the last checkpoint. */
  readonly tries: number
  /** What only the worker needs of the request. */
  readonly material?: ReplayMaterial
  /** Grows with each change. */
  readonly version: number
}

/** The table of replays. Every read is strongly consistent, and none returns a replay that has expired. */
export type ReplayStore = {
  /** Adds a replay with the positions that it is about, which never change. All of it is durable when it returns. */
  add(job: ReplayJob, selection: readonly Position[]): Promise<void>
  /** Replaces a replay that has the version before. Returns false if it has another one, or does not exist. */
  replace(job: ReplayJob): Promise<boolean>
  find(id: string): Promise<ReplayJob | null>
  /** Returns replays, newest first: those that are older than the one with the id `before`, if it is given. */
  list(page: { readonly limit: number; readonly before?: string }): Promise<ReplayJob[]>
  /** Returns the replays that are not over, oldest first. */
  open(): Promise<ReplayJob[]>
  /** Returns at most `limit` of the positions of a replay, from the one with the number `from` on. */
  selected(id: string, page: { readonly from: number; readonly limit: number }): Promise<Position[]>
}

/** How long a replay is kept after its creation, in seconds. */
export const REPLAY_KEPT_SECONDS = 30 * DAY_SECONDS

/** Whether nothing more will be done for a replay, unless somebody resumes it. */
export function isOver({ status }: Pick<Replay, 'status'>): boolean {
  return status === 'done' || status === 'cancelled' || status === 'failed'
}

/** What the API shows of a replay. */
export function toReplay({
  principal: _,
  lease: __,
  checkpoint: ___,
  tries: ____,
  version: _____,
  material: ______,
  ...replay
}: ReplayJob): Replay {
  return replay
}
