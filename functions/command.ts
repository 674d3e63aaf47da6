import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { respondAs } from '#shared/adapters/http/respond-as.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import { actorOf } from '#shared/core/audit.ts'
import { domains } from '#shared/domain/catalog.ts'
import { keyRequest, readIdempotencyKey } from '#shared/pipeline/accept/idempotency-key.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { entityTag } from '#shared/pipeline/lifecycle/entity-tag.ts'
import type { EraseDeps } from '#shared/pipeline/lifecycle/erase-event.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import { type MoveDeps, moveEvent, readMoveBody } from '#shared/pipeline/lifecycle/move-event.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  eventStore,
  identityOf,
  kafkaAccessOf,
  kafkaLog,
  limitsOf,
  newId,
  openTables,
  personStore,
  telemetryWithHops,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { followAppends } from './lib/follow-appends.ts'
import { isErasing, respondWithErased } from './lib/respond-with-erased.ts'
import { stopAppendsAt, stopPausesAt } from './lib/stop-at.ts'

export type CommandDeps = MoveDeps &
  EraseDeps &
  Measured & {
    readonly identify: Identify
    readonly audit: Audit
    readonly limits: Limits
  }

export function composeCommand(env: Environment) {
  const tables = openTables(env)
  const telemetry = telemetryWithHops(tables, 'command')
  const catalog = catalogOf(env)
  const accepting = {
    kafka: kafkaLog(env, telemetry, catalog.names),
    claims: claimStore(tables),
    catalog,
    newId,
  }
  return {
    ...accepting,
    telemetry,
    audit: auditTrailInKafka(accepting),
    // A person waits for the response: Kafka is asked twice, for 2 s each.
    reader: kafkaLogReader(kafkaAccessOf(env, 'tidewire-command'), {
      connectionTimeout: 1000,
      requestTimeout: 2000,
      retry: { initialRetryTime: 50, retries: 1 },
    }),
    store: eventStore(tables),
    viewStore: viewStore(tables),
    lifecycles: lifecyclesOf(domains),
    deadLetters: deadLetterStore(tables),
    views: viewsOf(domains),
    people: personStore(tables),
    retention: env.retention,
    identify: identityOf(tables),
    limits: limitsOf(tables),
    clock,
  } satisfies CommandDeps
}

/**
 * `POST /events/{id}/{move}` and `DELETE /events/{id}`: 202 once Kafka has the move, with the state that the views
 * make of it. `POST /events/{id}/erase` is none of the moves: it takes any event.
 */
export function createCommand({ identify, audit, limits, telemetry, ...deps }: CommandDeps) {
  return httpHandler(
    (sent) =>
      respondAs(sent, { identify, audit, limits }, async (principal, request) => {
        const { id = '', move = 'delete' } = request.pathParameters
        const { headers, query, signal, caller } = request
        const live = followAppends(request, stopAppendsAt(signal, stopPausesAt(signal, deps)), telemetry)
        if (isErasing(request)) return respondWithErased(request, principal, { ...live, audit })
        const key = readIdempotencyKey(headers['idempotency-key'])
        const target = JSON.stringify([move, id, query.source])
        const { receipt, state } = await moveEvent(
          {
            id,
            move,
            principal,
            source: query.source,
            ifMatch: headers['if-match'],
            body: readMoveBody(request.body),
            traceparent: continueTrace(headers.traceparent),
            keyed: key === undefined ? undefined : keyRequest(principal.name, key, request, target),
          },
          live,
        )
        telemetry?.metrics.count('events_accepted', 1)
        await audit.record({
          action: move === 'delete' ? 'event.deleted' : 'event.moved',
          principal: actorOf(principal),
          caller,
          target: id,
          details: { move, event: receipt.id },
        })
        if (state === null) return { status: 202, body: receipt }
        return {
          status: 202,
          headers: { etag: entityTag(state) },
          body: { ...receipt, state: state.state },
        }
      }),
    telemetry,
  )
}

const deps = composeCommand(readEnvironment(process.env))
await deps.kafka.ready
export const handler = createCommand(deps)
