import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-client.ts'
import { dynamoDeadLetterStore } from '#shared/adapters/dynamodb/dynamo-dead-letter-store.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { dynamoTicketStore } from '#shared/adapters/dynamodb/dynamo-ticket-store.ts'
import { dynamoViewStore } from '#shared/adapters/dynamodb/dynamo-view-store.ts'
import { apiGateway } from '#shared/adapters/gateway/api-gateway.ts'
import { rateLimiter } from '#shared/adapters/http/rate-limit.ts'
import { apiKeyIdentity } from '#shared/adapters/identity/api-keys.ts'
import { tokenIdentity } from '#shared/adapters/identity/token-identity.ts'
import { kafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import { functionCaller } from '#shared/adapters/lambda/call-function.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/decode-record.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import type { SubscriptionStore } from '#shared/pipeline/ports.ts'
import { statsRequester } from '#shared/pipeline/stats/stats.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import { readEnvironment } from './environment.ts'

/**
 * Everything below is made once per sandbox, in its init phase. The calls are marked pure and take plain names, so
 * that each function's bundle holds only what that function uses.
 */
const { tables, dynamodbEndpoint, gatewayEndpoint, kafkaBrokers, apiKeys, tokens, ...settings } =
  readEnvironment(process.env)
const { env } = process
const { retentionDays, shards, unknownTypes } = settings
const { log: logTable, claims: claimsTable, deadLetters: deadLettersTable } = tables
const client = /* @__PURE__ */ dynamoClient({ endpoint: dynamodbEndpoint })

export const { postsAtOnce, configuredUrl, isLocal } = settings
export const catalog = /* @__PURE__ */ createCatalog(domains, { unknownTypes })
export const store = /* @__PURE__ */ dynamoEventStore(client, { table: logTable, retentionDays })
export const claims = /* @__PURE__ */ dynamoClaimStore(client, { table: claimsTable })
export const tickets = /* @__PURE__ */ dynamoTicketStore(client, { table: tables.connections })
export const deadLetters = /* @__PURE__ */ dynamoDeadLetterStore(client, {
  table: deadLettersTable,
  retentionDays,
})
export const viewStore = /* @__PURE__ */ dynamoViewStore(client, { table: tables.views })
export const subscriptions = /* @__PURE__ */ dynamoSubscriptionStore(client, tables, { shard: 0, shards })

const shardStores = new Map([[0, subscriptions]])
/** The subscriptions of one shard's connections, with what that shard knows of them already. */
export function subscriptionsOf(shard: number): SubscriptionStore {
  const known = shardStores.get(shard) ?? dynamoSubscriptionStore(client, tables, { shard, shards })
  shardStores.set(shard, known)
  return known
}
export const gateway = /* @__PURE__ */ apiGateway({ endpoint: gatewayEndpoint, isLocal })
export const kafka = /* @__PURE__ */ kafkaEventLog({ brokers: kafkaBrokers, clientId: 'tidewire-write' })
/** Somebody waits for what it says: Kafka is asked twice, for 2 s each. */
export const reader = /* @__PURE__ */ kafkaLogReader({
  brokers: kafkaBrokers,
  clientId: 'tidewire-command',
  connectionTimeout: 1000,
  requestTimeout: 2000,
  retry: { initialRetryTime: 50, retries: 1 },
})
export const byKey = /* @__PURE__ */ apiKeyIdentity(apiKeys)
const byToken = /* @__PURE__ */ tokenIdentity(tokens)
export const identify = { byKey, byToken }
export const views = /* @__PURE__ */ viewsOf(domains)
export const decode = /* @__PURE__ */ recordDecoder(catalog)
export const webhookSenders = /* @__PURE__ */ webhookSources(env)
export const newId = randomUUID
export const clock = { now: Date.now, sleep: setTimeout }
export const lifecycles = /* @__PURE__ */ lifecyclesOf(domains)
export const limitRate = /* @__PURE__ */ rateLimiter(settings.rateLimitPerSecond)
const { statsFunction, lambdaEndpoint } = settings
const call = /* @__PURE__ */ functionCaller(statsFunction, env, lambdaEndpoint)
const listShards = () => Array.from({ length: shards }, (_, shard) => subscriptionsOf(shard))
export const requestStats = /* @__PURE__ */ statsRequester({ claims, listShards, call, now: Date.now, newId })
