import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { rateLimiter } from '#shared/adapters/http/rate-limit.ts'
import { type Identify, respondAs } from '#shared/adapters/http/require-principal.ts'
import { assertMay, mayPublish } from '#shared/core/authorize.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Principal } from '#shared/core/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { assertUnreserved, type Lifecycles, lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'

import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  identityOf,
  kafkaLog,
  newId,
  openTables,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

export type WriteDeps = AcceptDeps & {
  readonly identify: Identify
  readonly audit: Audit
  readonly limitRate: ReturnType<typeof rateLimiter>
  readonly lifecycles: Lifecycles
  readonly now: () => Date
}

export function composeWrite(env: Environment): WriteDeps {
  const accepting = {
    kafka: kafkaLog(env),
    claims: claimStore(openTables(env)),
    catalog: catalogOf(env),
    newId,
  }
  return {
    ...accepting,
    audit: auditTrailInKafka(accepting),
    lifecycles: lifecyclesOf(domains),
    identify: identityOf(env),
    limitRate: rateLimiter(env.rateLimitPerSecond),
    now: () => new Date(),
  }
}

/** `POST /events`: 202 once Kafka has acknowledged every event, never before. */
export function createWrite({ identify, audit, limitRate, lifecycles, ...deps }: WriteDeps) {
  return httpHandler((request) =>
    respondAs(request, { identify, audit }, (principal) => {
      assertMay(principal, 'publish')
      const { name } = principal
      return limitRate(name, async () => {
        const { isBatch, events, madeIds, binding } = readPost(request, name, deps)
        assertUnreserved(events, lifecycles)
        assertMayWrite(principal, events)
        const receipts = await accept(events, madeIds, stopAppendsAt(request.signal, deps), binding)
        return { status: 202, body: isBatch ? { accepted: receipts.length, events: receipts } : receipts[0] }
      })
    }),
  )
}

/** Throws Refusal `forbidden` unless the policy lets the principal write each of the events. */
function assertMayWrite(principal: Principal, events: readonly CloudEvent[]): void {
  const refused = events.find(({ category = '', type }) => !mayPublish(principal, category, type))
  if (refused === undefined) return
  const { type, category } = refused
  const what = `${principal.name} (${principal.role}) may not write "${type}" to the channel "${category}"`
  throw new Refusal('forbidden', `${what}; nothing was written. See docs/security.md for who may write what.`)
}

export const handler = createWrite(composeWrite(readEnvironment(process.env)))
