import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { respondAs } from '#shared/adapters/http/respond-as.ts'
import { assertMay } from '#shared/core/access/authorize.ts'
import { type AcceptDeps, acceptFrom } from '#shared/pipeline/accept/accept.ts'
import { leadWarnings } from '#shared/pipeline/accept/check-event.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import type { SourceOwner } from '#shared/pipeline/accept/source-owner.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  identityOf,
  kafkaLog,
  limitsOf,
  newId,
  openTables,
  sourceOwnerOf,
  telemetryWithHops,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { followAppends } from './lib/follow-appends.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

export type WriteDeps = AcceptDeps &
  Measured & {
    readonly identify: Identify
    readonly audit: Audit
    readonly limits: Limits
    readonly sourceOwner: SourceOwner
    readonly now: () => Date
  }

export function composeWrite(env: Environment) {
  const tables = openTables(env)
  const telemetry = telemetryWithHops(tables, 'write')
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
    sourceOwner: sourceOwnerOf(tables),
    identify: identityOf(tables),
    limits: limitsOf(tables),
    now: () => new Date(),
  } satisfies WriteDeps
}

/** `POST /events`: 202 once Kafka has acknowledged every event, never before. */
export function createWrite({ identify, audit, limits, telemetry, ...deps }: WriteDeps) {
  return httpHandler(
    (sent) =>
      respondAs(sent, { identify, audit, limits }, async (principal, request) => {
        assertMay(principal, 'publish')
        const post = readPost(request, principal.name, deps)
        const warnings = leadWarnings(post.events, deps.now().getTime(), deps.catalog)
        const receipts = await acceptFrom(
          principal,
          post,
          followAppends(request, stopAppendsAt(request.signal, deps), telemetry),
        )
        telemetry?.metrics.count('events_accepted', receipts.length)
        const body = post.isBatch ? { accepted: receipts.length, events: receipts } : receipts[0]
        return { status: 202, body: { ...body, ...(warnings.length > 0 && { warnings }) } }
      }),
    telemetry,
  )
}

const deps = composeWrite(readEnvironment(process.env))
await deps.kafka.ready
export const handler = createWrite(deps)
