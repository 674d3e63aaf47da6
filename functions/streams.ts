import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { assertKnown, readBrowseQuery } from '#shared/adapters/http/read-browse-query.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { kafkaLogInspector } from '#shared/adapters/kafka/kafka-log-inspector.ts'
import type { Action } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { actorOf } from '#shared/core/audit.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import { type BrowseDeps, browsePartition } from '#shared/pipeline/streams/browse-partition.ts'
import { describeTopic, streamsObserver } from '#shared/pipeline/streams/describe-streams.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  clock,
  decoderOf,
  eventStore,
  identityOf,
  kafkaAccessOf,
  kafkaLog,
  limitsOf,
  metBy,
  newId,
  openTables,
  recordSecrets,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { respondByRoute } from './lib/respond-by-route.ts'
import { stopPausesAt } from './lib/stop-at.ts'

export type StreamsFunctionDeps = BrowseDeps &
  Measured & {
    readonly identify: Identify
    readonly audit: Audit
    readonly limits: Limits
    /** For how long a request may be held at most, in seconds. */
    readonly longPollSeconds: number
  }

export function composeStreams(env: Environment): StreamsFunctionDeps {
  const tables = openTables(env)
  const catalog = catalogOf(env)
  const claims = claimStore(tables)
  const telemetry = telemetryOf(env, 'streams')
  const secrets = recordSecrets(env)
  return {
    telemetry,
    inspector: metBy(secrets, kafkaLogInspector(kafkaAccessOf(env, 'tidewire-streams'))),
    catalog,
    decode: decoderOf(catalog, env),
    judge: secrets.judge,
    store: eventStore(tables),
    claims,
    audit: auditTrailInKafka({ kafka: kafkaLog(env, telemetry), claims, catalog, newId }),
    identify: identityOf(tables),
    limits: limitsOf(tables),
    longPollSeconds: env.longPollSeconds,
    clock,
  }
}

type Route = {
  readonly action: Action
  readonly respond: (request: HttpRequest, principal: Principal) => Promise<HttpResponse>
}

/** Time kept back from the function's own limit for the last look of a request that is held, in milliseconds. */
const RESERVE_MS = 6000

/** `GET /streams…`: what Kafka has. It looks at the cluster, and changes nothing in it. */
export function createStreams({ identify, limits, telemetry, ...deps }: StreamsFunctionDeps) {
  const { audit, inspector, clock: time, longPollSeconds } = deps
  const observer = streamsObserver({ inspector, now: time.now })
  const routes: Readonly<Record<string, Route>> = {
    'GET /streams': {
      action: 'streams.list',
      async respond({ query }) {
        assertKnown(query, [])
        return { status: 200, body: await observer.look() }
      },
    },
    'GET /streams/{topic}': {
      action: 'streams.list',
      async respond({ query, pathParameters: { topic = '' } }) {
        assertKnown(query, [])
        const body = await describeTopic(topic, { inspector, observer })
        if (body === null) throw new Refusal('not_found', `Kafka has no topic "${topic}".`)
        return { status: 200, body }
      },
    },
    'GET /streams/{topic}/{partition}': {
      action: 'streams.read',
      async respond(request, principal) {
        const wanted = readBrowseQuery(request)
        const mostMs = Math.min(longPollSeconds * 1000, request.remainingMs() - RESERVE_MS)
        const query = { ...wanted, waitMs: Math.max(0, Math.min(wanted.waitMs, mostMs)) }
        const body = await browsePartition(query, stopPausesAt(request.signal, deps))
        const { topic, partition } = query
        // What a filter does not find is told by it, too.
        if (body.scanned > 0)
          await audit.record({
            action: 'streams.read',
            principal: actorOf(principal),
            caller: request.caller,
            target: `${topic}/${partition}`,
            details: { records: body.records.length, scanned: body.scanned, next: body.next },
            group: topic,
          })
        return { status: 200, body }
      },
    },
  }
  return respondByRoute(routes, { identify, audit, limits, telemetry })
}

export const handler = createStreams(composeStreams(readEnvironment(process.env)))
