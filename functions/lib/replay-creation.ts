import type { HttpRequest } from '#shared/adapters/http/http-message.ts'
import { actorOf } from '#shared/core/audit.ts'
import { faultsRefusal } from '#shared/core/refusal.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { encodeJsonEvent } from '#shared/pipeline/cloudevents/json-format.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { mendLetter } from '#shared/pipeline/replays/mend-letter.ts'
import {
  type ChooseLetters,
  planEvents,
  planLetters,
  planViews,
} from '#shared/pipeline/replays/plan-replay.ts'
import {
  discardLettersBody,
  newReplayBody,
  REPLAY_LIMITS,
  readReplayBody,
  replayLettersBody,
} from '#shared/pipeline/replays/replay-requests.ts'
import { replayOfValue } from '#shared/pipeline/signed-record.ts'
import { type ReplayRoute, type ReplayRouteDeps, respondWithNew } from './replay-routes.ts'

export type ReplayCreationDeps = ReplayRouteDeps & {
  readonly chooseLetters: ChooseLetters
  readonly deadLetters: Pick<DeadLetterStore, 'get'>
  readonly store: EventStore
  readonly catalog: Catalog
  readonly domains: readonly Domain[]
  /** Makes a secret for posts in the form of Standard Webhooks: `whsec_` and base64. */
  readonly makeSecret: () => string
  /** Returns why posts may not go to a URL, or null. */
  readonly urlProblem: (url: string) => string | null
}

/** Time kept back from the function's own limit to create a replay whose dead letters are chosen, in milliseconds. */
const RESERVE_MS = 8000

/** The routes that create replays. */
export function replayCreation(deps: ReplayCreationDeps): Readonly<Record<string, ReplayRoute>> {
  return {
    'POST /dead-letters/replay': {
      action: 'dead-letters.replay',
      async respond(request, principal) {
        const { dryRun, rate, event, ...rest } = readReplayBody(request.body, replayLettersBody)
        const { count, positions } = await planLetters(rest.filter, lateness(request), deps.chooseLetters)
        const [position] = rest.filter.positions ?? []
        const mended = event && position ? await mendLetter(position, event, principal, deps) : undefined
        if (dryRun) return { status: 200, body: count }
        if (mended && position)
          await deps.audit.record({
            action: 'dead-letters.mended',
            principal: actorOf(principal),
            caller: request.caller,
            target: replayOfValue(position),
            details: { id: mended.id, source: mended.source, type: mended.type },
          })
        const draft = {
          kind: 'dead-letters',
          rate,
          total: count.count,
          request: { ...rest, ...(mended && { isMended: true }) },
          selection: positions,
          ...(mended && { material: { event: encodeJsonEvent(mended) } }),
        } as const
        return respondWithNew(draft, [request, principal], deps)
      },
    },
    'POST /dead-letters/discard': {
      action: 'dead-letters.discard',
      async respond(request, principal) {
        const { dryRun, ...rest } = readReplayBody(request.body, discardLettersBody)
        const { count, positions } = await planLetters(rest.filter, lateness(request), deps.chooseLetters)
        if (dryRun) return { status: 200, body: count }
        const { most: rate } = REPLAY_LIMITS.rate
        const draft = { kind: 'discard', rate, total: count.count, request: rest } as const
        return respondWithNew({ ...draft, selection: positions }, [request, principal], deps)
      },
    },
    'POST /replays': {
      action: 'replays.run',
      async respond(request, principal) {
        const body = readReplayBody(request.body, newReplayBody)
        const { dryRun, ...rest } = body
        if (rest.kind === 'views') {
          const { count, topics } = await planViews(rest, deps)
          if (dryRun) return { status: 200, body: count }
          const { most: rate } = REPLAY_LIMITS.rate
          const draft = { kind: 'views', rate, total: count.count, request: { ...rest, topics } } as const
          return respondWithNew(draft, [request, principal], deps)
        }
        const { rate, target, ...asked } = rest
        const problem = 'url' in target ? deps.urlProblem(target.url) : null
        if (problem !== null)
          throw faultsRefusal('invalid_event', [{ pointer: '/target/url', detail: problem }])
        const access = accessOf(principal)
        const { count, spans } = await planEvents(asked, { ...deps, access })
        if (dryRun) return { status: 200, body: count }
        const made = 'url' in target && target.secret === undefined ? deps.makeSecret() : undefined
        const secret = 'url' in target ? (target.secret ?? made) : undefined
        const draft = {
          kind: 'events',
          rate,
          total: count.count,
          request: { ...asked, target: 'url' in target ? { url: target.url } : target },
          checkpoint: { spans },
          ...(secret !== undefined && { material: { secret } }),
        } as const
        const response = await respondWithNew(draft, [request, principal], deps)
        return made === undefined
          ? response
          : { ...response, body: { ...(response.body as object), secret: made } }
      },
    },
  }
}

function lateness({ remainingMs }: HttpRequest): () => boolean {
  return () => remainingMs() < RESERVE_MS
}
