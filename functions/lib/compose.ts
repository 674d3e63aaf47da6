import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { dynamoHandshakeSecretStore } from '#shared/adapters/dynamodb/copies/dynamo-handshake-secret-store.ts'
import { dynamoPersonStore } from '#shared/adapters/dynamodb/copies/dynamo-person-store.ts'
import { dynamoSenderKeyStore } from '#shared/adapters/dynamodb/copies/dynamo-sender-key-store.ts'
import { dynamoSigningKeyStore } from '#shared/adapters/dynamodb/copies/dynamo-signing-key-store.ts'
import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from '#shared/adapters/dynamodb/dynamo-dead-letter-store.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoKeyStore } from '#shared/adapters/dynamodb/dynamo-key-store.ts'
import { dynamoRateCounter } from '#shared/adapters/dynamodb/dynamo-rate-counter.ts'
import { dynamoReplayStore } from '#shared/adapters/dynamodb/dynamo-replay-store.ts'
import { dynamoReportStore } from '#shared/adapters/dynamodb/dynamo-report-store.ts'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { dynamoRevocationStore } from '#shared/adapters/dynamodb/dynamo-revocation-store.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { dynamoTicketStore } from '#shared/adapters/dynamodb/dynamo-ticket-store.ts'
import { dynamoTrialStore } from '#shared/adapters/dynamodb/dynamo-trial-store.ts'
import { dynamoViewStore } from '#shared/adapters/dynamodb/dynamo-view-store.ts'
import { joinedReads, type ReadItems } from '#shared/adapters/dynamodb/joined-reads.ts'
import { apiGateway } from '#shared/adapters/gateway/api-gateway.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { cognitoPeople } from '#shared/adapters/identity/cognito-people.ts'
import { keyIdentity } from '#shared/adapters/identity/key-identity.ts'
import { storedKeys } from '#shared/adapters/identity/stored-keys.ts'
import { tokenIdentity } from '#shared/adapters/identity/token-identity.ts'
import { unlessRevoked } from '#shared/adapters/identity/unless-revoked.ts'
import { type KafkaAccess, kafkaAccess } from '#shared/adapters/kafka/kafka-access.ts'
import { kafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import { functionCaller } from '#shared/adapters/lambda/call-function.ts'
import { cachedSecret } from '#shared/adapters/secrets/cached-secret.ts'
import { secretsManager } from '#shared/adapters/secrets/secrets-manager.ts'
import { emfMetrics } from '#shared/adapters/telemetry/emf-metrics.ts'
import { logAsFunction } from '#shared/adapters/telemetry/function-log.ts'
import { xrayTracing } from '#shared/adapters/telemetry/xray-tracing.ts'
import { keyName } from '#shared/core/access/principal.ts'
import { domains } from '#shared/domain/catalog.ts'
import type { AcceptDeps } from '#shared/pipeline/accept/accept.ts'
import { cachedSourceOwner, type SourceOwner } from '#shared/pipeline/accept/source-owner.ts'
import { type Audit, createAudit } from '#shared/pipeline/audit/audit.ts'
import { writeAudit } from '#shared/pipeline/audit/write-audit.ts'
import { type Catalog, createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createPoisonGuard, type GuardDeps, type PoisonGuard } from '#shared/pipeline/consume/poison-guard.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { deployedRetention } from '#shared/pipeline/deployed-retention.ts'
import { createLimits, type Limits } from '#shared/pipeline/limits/limits.ts'
import type { RateCounter } from '#shared/pipeline/limits/rate-counter.ts'
import { createDirectory, type Directory } from '#shared/pipeline/people/directory.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import type { DecodeRecord, EventLog, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { fixedSecrets, type RecordSecrets, rotatingSecrets } from '#shared/pipeline/record-secrets.ts'
import { signedLog, signedRawLog } from '#shared/pipeline/signed-record.ts'
import { type RequestStats, statsRequester } from '#shared/pipeline/stats/stats.ts'
import type { LogInspector } from '#shared/pipeline/streams/log-inspector.ts'
import {
  createInstanceReporter,
  type InstanceReporter,
  type ReportStore,
} from '#shared/pipeline/telemetry/instance-report.ts'
import { NO_TELEMETRY, type Telemetry, withHops } from '#shared/pipeline/telemetry/telemetry.ts'
import { type CurrentSources, currentSources, webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import { within } from '#shared/pipeline/within.ts'
import type { Environment } from './environment.ts'
import { liveInSandbox } from './live-in-sandbox.ts'

// The parts that functions are composed of. Each function composes what it needs once per sandbox, in its init phase,
// from the environment alone; the bundler leaves out of a function what its composer does not name.

export const newId = randomUUID
export const clock: Clock = { now: Date.now, elapsed: () => performance.now(), sleep: setTimeout }

/** The tables of a stage, through one client. */
export type Tables = { readonly client: ReturnType<typeof dynamoClient>; readonly env: Environment }

/** Opens the tables. Nothing is sent before the first call of a store. */
export function openTables(env: Environment): Tables {
  const { dynamodbEndpoint: endpoint, isLocal, aws } = env
  return { client: dynamoClient({ endpoint, isLocal, aws }), env }
}

export function eventStore({ client, env: { tables, retention } }: Tables) {
  return dynamoEventStore(client, { table: tables.log, retention })
}

export function claimStore({ client, env: { tables, retention } }: Tables) {
  return dynamoClaimStore(client, { table: tables.claims, retention })
}

export function ticketStore({ client, env: { tables } }: Tables) {
  return dynamoTicketStore(client, { table: tables.connections })
}

export function revocationStore({ client, env: { tables } }: Tables, readItems?: ReadItems) {
  return dynamoRevocationStore(client, { table: tables.connections, ...(readItems && { readItems }) })
}

/** What the instances of functions report of their work. */
export function reportStore({ client, env: { tables } }: Tables, readItems?: ReadItems): ReportStore {
  return dynamoReportStore(client, { table: tables.connections, ...(readItems && { readItems }) })
}

/** How long a batch may wait until its report is written, in milliseconds. */
const REPORT_PATIENCE_MS = 250

/** What gathers the report of this instance; with `readItems` it looks for readers together with other reads. */
export function instanceReporter(tables: Tables, readItems?: ReadItems): InstanceReporter {
  const store = reportStore(tables, readItems)
  const put: ReportStore['put'] = (report) => inTime(REPORT_PATIENCE_MS, store.put(report))
  return createInstanceReporter({ store: { ...store, put }, instance: newId(), now: Date.now })
}

/** What joins the reads of stores that begin in the same turn. */
export function itemReader({ client }: Tables): ReadItems {
  return joinedReads(client)
}

/** The guard of one running instance of a function that consumes the log. */
export function poisonGuard(
  tables: Tables,
  given: Pick<GuardDeps, 'consumer' | 'deadLetters' | 'unfoldedOf'>,
): PoisonGuard {
  const { client, env } = tables
  const trials = dynamoTrialStore(client, { table: env.tables.deadLetters, retention: env.retention })
  return createPoisonGuard({ ...given, trials, owner: randomUUID(), now: Date.now })
}

export function deadLetterStore(
  { client, env: { tables, retention } }: Tables,
  { metrics } = NO_TELEMETRY,
): DeadLetterStore {
  const store = dynamoDeadLetterStore(client, { table: tables.deadLetters, retention })
  const put: DeadLetterStore['put'] = async (letter) => {
    const isNew = await store.put(letter)
    if (isNew) metrics.count('dead_letters', 1, { code: letter.code })
    return isNew
  }
  return { ...store, put }
}

/** Throws an error that says why, if the retention does not fit the domains. */
export function viewRetention({ retention }: Environment) {
  return deployedRetention(retention, domains)
}

export function viewStore({ client, env }: Tables) {
  return dynamoViewStore(client, { table: env.tables.views, retention: viewRetention(env) })
}

/** The subscriptions by shard of the connections. A shard's store is kept, with what it knows already. */
export type Shards = { readonly of: (shard: number) => SubscriptionStore; readonly count: number }

export function subscriptionShards(
  { client, env: { tables, shards: count } }: Tables,
  readItems?: ReadItems,
): Shards {
  const stores = new Map<number, SubscriptionStore>()
  const of = (shard: number) => {
    const known =
      stores.get(shard) ?? dynamoSubscriptionStore(client, tables, { shard, shards: count }, readItems)
    stores.set(shard, known)
    return known
  }
  return { of, count }
}

export function catalogOf({ unknownTypes }: Environment) {
  return createCatalog(domains, { unknownTypes })
}

/** The telemetry of a function that measures hops and does not write the report of its instance itself. */
export function telemetryWithHops(tables: Tables, service: string): Telemetry {
  const report = instanceReporter(tables)
  const telemetry = telemetryOf(tables.env, service, report)
  return telemetry === NO_TELEMETRY ? telemetry : { ...telemetry, report }
}

/**
 * The telemetry of a function, by its key in serverless.yml: lines of its log, and spans for X-Ray's daemon. A program
 * that is no function has none, and logs plain lines.
 */
export function telemetryOf(
  { telemetry: { stage, functionName, daemon } }: Environment,
  service: string,
  report?: Pick<InstanceReporter, 'countHop'>,
): Telemetry {
  if (functionName === undefined) return NO_TELEMETRY
  logAsFunction()
  const emf = emfMetrics({ service, stage })
  const metrics = report ? withHops(emf, report) : emf
  const dropped = (spans: number) => metrics.count('spans_dropped', spans)
  const tracing = daemon ? xrayTracing({ service, daemon, now: Date.now, dropped }) : NO_TELEMETRY.tracing
  return { service, metrics, tracing }
}

/** How the functions reach Kafka. `clientId` is how the brokers name this client in their logs and quotas. */
export function kafkaAccessOf(env: Environment, clientId: string): KafkaAccess {
  const { kafka, aws, secretsEndpoint: endpoint } = env
  return kafkaAccess(kafka, {
    clientId,
    readSecret: secretsManager({ aws, endpoint }).read,
    aws,
    now: Date.now,
  })
}

/** How old the secret is at most that records are signed with, in milliseconds, while it can be read. */
const RECORD_SECRET_MS = 300_000

/** The record secrets of each environment: what writes and what reads share them. */
const secretsOf = new WeakMap<Environment, RecordSecrets>()

/** What signs and judges records. Nothing is read before the first record. */
export function recordSecrets(env: Environment): RecordSecrets {
  const known = secretsOf.get(env) ?? openRecordSecrets(env)
  secretsOf.set(env, known)
  return known
}

function openRecordSecrets(env: Environment): RecordSecrets {
  const { arn, fixed } = env.recordSecrets
  const signedSince = env.recordsSignedSince
  if (arn === '') return fixedSecrets(fixed, signedSince)
  return rotatingSecrets(secretOf(arn, RECORD_SECRET_MS, env), { now: Date.now, signedSince })
}

function secretOf(arn: string, freshMs: number, { aws, secretsEndpoint: endpoint }: Environment) {
  const { read } = secretsManager({ aws, endpoint })
  return cachedSecret(() => read(arn), { now: Date.now, freshMs })
}

/** A new secret of a sender works after so many milliseconds. */
const WEBHOOK_SECRETS_MS = 60_000

/** The sources of webhooks. On the local stack their secrets are in the environment. */
export function webhookSourcesOf(env: Environment): CurrentSources {
  if (env.webhookSecrets !== '')
    return currentSources(env.webhooks, secretOf(env.webhookSecrets, WEBHOOK_SECRETS_MS, env))
  const sources = webhookSources(env.webhooks)
  return async () => sources
}

/** Kafka for a function that writes. `ready` resolves when its init phase may end. */
type ReadyLog = EventLog & { readonly ready: Promise<void> }

/**
 * Kafka, with every record signed, so that consumers know what our functions wrote. A function that writes with nearly
 * every invocation names the topics, and is connected before its first one.
 */
export function kafkaLog(
  env: Environment,
  { metrics } = NO_TELEMETRY,
  topics: readonly string[] = [],
): ReadyLog {
  const kafka = kafkaEventLog(kafkaAccessOf(env, 'tidewire-write'))
  const log = signedLog(kafka, recordSecrets(env).signing)
  const append: EventLog['append'] = async (records) => {
    const positions = await log.append(records)
    metrics.count('records_produced', positions.length)
    return positions
  }
  return { append, ready: liveInSandbox(kafka, topics, env) }
}

/** The same for records of any bytes. */
export function rawKafkaLog(env: Environment) {
  const kafka = kafkaEventLog(kafkaAccessOf(env, 'tidewire-replay'))
  void liveInSandbox(kafka, [], env)
  return signedRawLog(kafka, recordSecrets(env).signing)
}

/** What decodes the records of Kafka, once they were met, and refuses what nobody may write. */
export function decoderOf(catalog: Catalog, env: Environment): DecodeRecord {
  return recordDecoder(catalog, recordSecrets(env).judge)
}

/** Returns an inspector whose records can be judged. */
export function metBy({ meet }: RecordSecrets, inspector: LogInspector): LogInspector {
  return {
    ...inspector,
    async fetch(...where) {
      const fetched = await inspector.fetch(...where)
      await meet(fetched.records)
      return fetched
    },
  }
}

/** Who owns a source: the key that claimed it. */
export function sourceOwnerOf(tables: Tables): SourceOwner {
  const keys = keyStore(tables)
  const find = async (source: string) => {
    const id = await keys.sourceOwner(source)
    return id === null ? null : keyName(id)
  }
  return cachedSourceOwner(find, { now: Date.now })
}

export function socketGateway({ gatewayEndpoint, isLocal, aws }: Environment, { metrics } = NO_TELEMETRY) {
  const onThrottle = () => metrics.count('posts_throttled', 1)
  return apiGateway({ endpoint: gatewayEndpoint, isLocal, aws, onThrottle })
}

export function keyStore({ client, env: { tables } }: Tables) {
  return dynamoKeyStore(client, { table: tables.keys })
}

/** The secrets that senders of webhooks sent in handshakes. */
export function handshakeSecretStore({ client, env: { tables } }: Tables) {
  return dynamoHandshakeSecretStore(client, { table: tables.keys })
}

/** The keys of the issuer of tokens. */
export function signingKeyStore({ client, env: { tables } }: Tables) {
  return dynamoSigningKeyStore(client, { table: tables.keys })
}

/** What senders of webhooks publish. */
export function senderKeyStore({ client, env: { tables } }: Tables) {
  return dynamoSenderKeyStore(client, { table: tables.keys })
}

/** The ways to identify the sender of a request. What was revoked is refused by all of them. */
export function identityOf(tables: Tables): Identify {
  const { tokens } = tables.env
  const keys = storedKeys(signingKeyStore(tables), { issuer: tokens.issuer, now: Date.now })
  const identify = { byKey: keyIdentity(keyStore(tables)), byToken: tokenIdentity(tokens, keys) }
  return unlessRevoked(identify, revocationStore(tables))
}

/** The replays, as jobs. */
export function replayStore({ client, env: { tables } }: Tables) {
  return dynamoReplayStore(client, { table: tables.replays })
}

/** Who can be assigned to, as it was copied from the user pool. */
export function personStore({ client, env: { tables } }: Tables) {
  return dynamoPersonStore(client, { table: tables.keys })
}

/** The people of the user pool, for functions that can ask it. */
export function directoryOf({ userPool, aws }: Environment): Directory {
  return createDirectory(cognitoPeople({ ...userPool, aws }), { now: Date.now })
}

/** What asks for the statistics to be announced. */
export function statsRequest(tables: Tables, shards: Shards): RequestStats {
  const { statsFunction, aws, lambdaEndpoint } = tables.env
  const listShards = () => Array.from({ length: shards.count }, (_, shard) => shards.of(shard))
  const call = functionCaller(statsFunction, aws, lambdaEndpoint)
  return statsRequester({ claims: claimStore(tables), listShards, call, now: Date.now, newId })
}

/** The audit trail of a function that does not write to Kafka: it calls the function `audit`, which does. */
export function auditTrail({ auditFunction, aws, lambdaEndpoint }: Environment): Audit {
  return createAudit({ send: functionCaller(auditFunction, aws, lambdaEndpoint), now: Date.now, newId })
}

/** How long a response may wait until it was counted, in milliseconds. */
const COUNT_PATIENCE_MS = 250

/** The limits of requests. What one instance counts, the others see in a table. */
export function limitsOf({ client, env: { tables, rates } }: Tables): Limits {
  const counter = dynamoRateCounter(client, { table: tables.connections })
  const impatient: RateCounter = {
    add: (...counted) => inTime(COUNT_PATIENCE_MS, counter.add(...counted)),
  }
  return createLimits({
    counter: impatient,
    rates,
    now: Date.now,
    elapsed: () => performance.now(),
    random: Math.random,
  })
}

/** How long a response may wait until Kafka has an entry, in milliseconds. */
const AUDIT_PATIENCE_MS = 1000

/** The audit trail of a function that writes to Kafka itself, inside the VPC, from where it cannot call a function. */
export function auditTrailInKafka(deps: AcceptDeps): Audit {
  return createAudit({
    send: (record) => inTime(AUDIT_PATIENCE_MS, writeAudit(record, deps, { isNew: true })),
    now: Date.now,
    newId,
  })
}

function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  return within(ms, work, `this was not done after ${ms} ms, and may be done later`)
}
