import type { APIGatewayEventWebsocketRequestContextV2, APIGatewayProxyResultV2 } from 'aws-lambda'
import { answerInTime } from '#shared/adapters/lambda/answer-in-time.ts'
import type { Principal } from '#shared/core/access/principal.ts'

import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { clientOf } from '#shared/pipeline/limits/client-of.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { SubscriptionStore, TicketStore } from '#shared/pipeline/ports.ts'
import { hasEnded, type RevocationStore } from '#shared/pipeline/revocations.ts'
import { redeemTicket } from '#shared/pipeline/sockets/tickets.ts'
import type { RequestStats } from '#shared/pipeline/stats/stats.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  auditTrail,
  identityOf,
  limitsOf,
  openTables,
  revocationStore,
  statsRequest,
  subscriptionShards,
  telemetryOf,
  ticketStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type ConnectDeps = Measured & {
  readonly tickets: TicketStore
  readonly subscriptions: Pick<SubscriptionStore, 'connect'>
  readonly revocations: Pick<RevocationStore, 'current'>
  /** How many connections a principal may have at once. */
  readonly connectionsOf: (principal: Principal) => number
  readonly now: () => number
  readonly requestStats: RequestStats
  readonly audit: Audit
  readonly limits: Limits
  /** Takes an API key in the URL; null where none may come that way. */
  readonly keyInUrl: ((key: string) => Promise<Principal | null>) | null
}

type Answer = { readonly statusCode: number; readonly headers?: Readonly<Record<string, string>> }
type Query = Readonly<Record<string, string | undefined>>
export type ConnectEvent = {
  readonly requestContext: Pick<APIGatewayEventWebsocketRequestContextV2, 'connectionId' | 'requestId'> & {
    readonly identity: { readonly sourceIp: string }
  }
  readonly queryStringParameters?: Query | null
}

export function composeConnect(env: Environment): ConnectDeps {
  const tables = openTables(env)
  const shards = subscriptionShards(tables)
  return {
    telemetry: telemetryOf(env, 'connect'),
    tickets: ticketStore(tables),
    subscriptions: shards.of(0),
    revocations: revocationStore(tables),
    connectionsOf: ({ kind }) => (kind === 'user' ? env.connections.perUser : env.connections.perKey),
    now: Date.now,
    requestStats: statsRequest(tables, shards),
    audit: auditTrail(env),
    limits: limitsOf(tables),
    // A key in a URL ends up in the logs of proxies, so only the local stack takes one there.
    keyInUrl: env.isLocal ? identityOf(tables).byKey : null,
  }
}

/**
 * `$connect`: 401 without a valid ticket, or if its credential has ended meanwhile; 429 if the principal has as many
 * connections as it may; otherwise the connection is recorded before it opens. 503 if that takes too long: the socket
 * does not open, and the client tries again.
 */
export function createConnect({ subscriptions, requestStats, audit, limits, ...deps }: ConnectDeps) {
  const { tickets, revocations, connectionsOf, now, keyInUrl, telemetry } = deps
  const identify = async ({ ticket, key }: Query): Promise<Principal | null> => {
    const byKey = async () => (key && keyInUrl ? keyInUrl(key) : null)
    const [principal, revoked] = await Promise.all([
      ticket ? redeemTicket(ticket, { tickets }) : byKey(),
      revocations.current(),
    ])
    return principal && !hasEnded(principal, now(), revoked) ? principal : null
  }
  /** Tickets and keys that are wrong are limited as those of the HTTP API are. */
  const identifyWithin = async (
    query: Query,
    address: string,
  ): Promise<Principal | { readonly refused: Answer }> => {
    const check = async () => (await identify(query)) ?? refuse()
    try {
      if (!query.ticket && !query.key) return await check()
      // A ticket is used once, so none is known from before.
      return await limits.check(clientOf(address), query.ticket ? null : (query.key ?? null), check)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.code !== 'rate_limited') return { refused: { statusCode: 401 } }
      return { refused: { statusCode: 429, headers: { 'retry-after': String(error.retryAfterSeconds) } } }
    }
  }
  const auditRefusal = ({ requestContext: { requestId, identity } }: ConnectEvent) =>
    audit.record({
      action: 'credentials.refused',
      caller: { address: identity.sourceIp, requestId },
      target: '$connect',
      reason: 'The ticket or the key of a socket is not known, or not valid any more.',
      group: '$connect',
    })
  const handle = async (event: ConnectEvent): Promise<APIGatewayProxyResultV2> => {
    const { requestContext, queryStringParameters } = event
    const query = queryStringParameters ?? {}
    const principal = await identifyWithin(query, requestContext.identity.sourceIp)
    if ('refused' in principal) {
      if (query.ticket || query.key) await auditRefusal(event)
      return principal.refused
    }
    const { connectionId, identity } = requestContext
    const atMost = connectionsOf(principal)
    if (!(await subscriptions.connect(connectionId, principal, atMost, identity.sourceIp)))
      return { statusCode: 429 }
    await requestStats()
    return { statusCode: 200 }
  }
  return answerInTime(handle, { late: () => ({ statusCode: 503 }), telemetry })
}

function refuse(): never {
  throw new Refusal(
    'unauthenticated',
    'The ticket or the key of a socket is not known, or not valid any more.',
  )
}

export const handler = createConnect(composeConnect(readEnvironment(process.env)))
