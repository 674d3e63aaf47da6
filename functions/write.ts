import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { rateLimiter } from '#shared/adapters/http/rate-limit.ts'
import { type Identify, requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { assertRole, PUBLISHERS } from '#shared/core/role.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import { assertUnreserved, type Lifecycles, lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'

import { catalogOf, claimStore, identityOf, kafkaLog, newId, openTables } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

export type WriteDeps = AcceptDeps & {
  readonly identify: Identify
  readonly limitRate: ReturnType<typeof rateLimiter>
  readonly lifecycles: Lifecycles
  readonly now: () => Date
}

export function composeWrite(env: Environment): WriteDeps {
  return {
    kafka: kafkaLog(env),
    claims: claimStore(openTables(env)),
    catalog: catalogOf(env),
    lifecycles: lifecyclesOf(domains),
    identify: identityOf(env),
    limitRate: rateLimiter(env.rateLimitPerSecond),
    newId,
    now: () => new Date(),
  }
}

/** `POST /events`: 202 once Kafka has acknowledged every event, never before. */
export function createWrite({ identify, limitRate, lifecycles, ...deps }: WriteDeps) {
  return httpHandler(async (request) => {
    const principal = await requirePrincipal(request, identify)
    assertRole(principal, PUBLISHERS, 'write events')
    const { name } = principal
    return limitRate(name, async () => {
      const { isBatch, events, madeIds, binding } = readPost(request, name, deps)
      assertUnreserved(events, lifecycles)
      const receipts = await accept(events, madeIds, stopAppendsAt(request.signal, deps), binding)
      return { status: 202, body: isBatch ? { accepted: receipts.length, events: receipts } : receipts[0] }
    })
  })
}

export const handler = createWrite(composeWrite(readEnvironment(process.env)))
