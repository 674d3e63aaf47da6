import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import type { Action } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import type { Position } from '#shared/core/event.ts'
import { faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import {
  changeReplay,
  isReplayId,
  type NewReplay,
  newReplay,
  type ReplayMove,
  steerReplay,
} from '#shared/pipeline/replays/replay-job.ts'
import { type ReplayKind, type ReplayStore, toReplay } from '#shared/pipeline/replays/replay-store.ts'

export type ReplayRouteDeps = {
  readonly replays: ReplayStore
  readonly audit: Audit
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly newId: () => string
  /** Calls the function that works on replays of a kind, and does not wait for it. */
  readonly wake: (kind: ReplayKind, call: { readonly replay: string }) => Promise<void>
}

export type ReplayRoute = {
  readonly action: Action
  readonly respond: (request: HttpRequest, principal: Principal) => Promise<HttpResponse>
}

const PAGE = { usual: 20, most: 100 } as const

/** The routes that show and steer replays. */
export function replayRoutes(deps: ReplayRouteDeps): Readonly<Record<string, ReplayRoute>> {
  const { replays, audit, now } = deps
  const move = (name: ReplayMove, done: AuditedAction): ReplayRoute => ({
    action: 'replays.run',
    async respond({ pathParameters: { id = '' }, caller }, principal) {
      const { job, isChanged } = await changeReplay(replays, id, (found) =>
        steerReplay(found, name, { now: now() }),
      )
      if (isChanged) await audit.record({ action: done, principal: actorOf(principal), caller, target: id })
      if (isChanged && name === 'resume') await wakeWorker(job, deps)
      return { status: 202, body: toReplay(job) }
    },
  })
  return {
    'GET /replays': {
      action: 'replays.read',
      async respond({ query }) {
        const { limit, before } = readPage(query)
        const found = await replays.list({ limit: limit + 1, ...(before !== undefined && { before }) })
        const shown = found.slice(0, limit)
        const next = found.length > limit ? (shown.at(-1)?.id ?? null) : null
        return { status: 200, body: { replays: shown.map(toReplay), next } }
      },
    },
    'GET /replays/{id}': {
      action: 'replays.read',
      async respond({ pathParameters: { id = '' } }) {
        const job = await replays.find(id)
        if (job === null) throw new Refusal('not_found', `There is no replay "${id}".`)
        return { status: 200, body: toReplay(job) }
      },
    },
    'POST /replays/{id}/pause': move('pause', 'replays.paused'),
    'POST /replays/{id}/resume': move('resume', 'replays.resumed'),
    'POST /replays/{id}/cancel': move('cancel', 'replays.cancelled'),
  }
}

/**
 * Creates a replay of these positions, and calls its worker. Returns 202 with it, and what is shown only once. Throws the
 * reason of the signal, and creates nothing, once its sender has been told that it took too long: who was told sends the
 * request again.
 */
export async function respondWithNew(
  given: NewReplay & { readonly selection?: readonly Position[] },
  [{ caller, signal }, principal]: readonly [HttpRequest, Principal],
  deps: ReplayRouteDeps,
): Promise<HttpResponse> {
  const { selection = [], ...draft } = given
  signal.throwIfAborted()
  const job = newReplay(draft, { principal, now: deps.now(), random: deps.newId().slice(0, 8) })
  await deps.replays.add(job, selection)
  const details = { kind: job.kind, total: job.total }
  await deps.audit.record({
    action: 'replays.created',
    principal: actorOf(principal),
    caller,
    target: job.id,
    details,
  })
  await wakeWorker(job, deps)
  return { status: 202, body: toReplay(job) }
}

/** A worker that cannot be called begins with its next schedule. */
async function wakeWorker(
  { id, kind }: { readonly id: string; readonly kind: ReplayKind },
  { wake }: Pick<ReplayRouteDeps, 'wake'>,
): Promise<void> {
  try {
    await wake(kind, { replay: id })
  } catch (error) {
    logError('the worker of a replay could not be called', error, { replay: id })
  }
}

function readPage(query: HttpRequest['query']): { readonly limit: number; readonly before?: string } {
  const { limit = String(PAGE.usual), next, ...rest } = query
  const faults = Object.keys(rest).map((name) => ({ pointer: `/${name}`, detail: 'is not a parameter.' }))
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > PAGE.most)
    faults.push({ pointer: '/limit', detail: `is not a whole number from 1 to ${PAGE.most}.` })
  if (next && !isReplayId(next))
    faults.push({
      pointer: '/next',
      detail: 'is not one that a page of replays gave; leave it out to start with the newest.',
    })
  if (faults.length > 0) throw faultsRefusal('malformed', faults)
  return { limit: Number(limit), ...(next && { before: next }) }
}
