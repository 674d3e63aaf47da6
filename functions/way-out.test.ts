import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { dynamoPersonStore } from '#shared/adapters/dynamodb/copies/dynamo-person-store.ts'
import { dynamoSenderKeyStore } from '#shared/adapters/dynamodb/copies/dynamo-sender-key-store.ts'
import { dynamoSigningKeyStore } from '#shared/adapters/dynamodb/copies/dynamo-signing-key-store.ts'
import { copySenderKeys } from '#shared/adapters/identity/copy-sender-keys.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { startDynamodb } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { callHttp } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { storeCase } from '#shared/testing/lifecycle/case-world.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import { type SenderServer, startSenderServer } from '#shared/testing/webhooks/sender-server.ts'
import { startBroker } from '../localstack/broker/start-broker.ts'
import { composeCommand, createCommand } from './command.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeWebhooks, createWebhooks } from './webhooks.ts'
import { composeWrite, createWrite } from './write.ts'

// A function in the VPC reaches Kafka and DynamoDB. Here every other connection fails, as it does there.

const ISSUER = 'https://issuer.invalid/pool'
const keyPairs = new Map(
  ['k1', 'k2'].map((kid) => [kid, generateKeyPairSync('rsa', { modulusLength: 2048 })] as const),
)
const refused: string[] = []
const senderHosts = [...publishedKeys.keys()].map((address) => new URL(address).host)
let sender: SenderServer
let dynamodb: Awaited<ReturnType<typeof startDynamodb>>
let broker: Awaited<ReturnType<typeof startBroker>>
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-way-out-'))
  broker = await startBroker({ port: 0, dataDir: folder })
  const topics = [...createCatalog(domains).names].map((topic) => ({ topic, numPartitions: 1 }))
  const admin = new Kafka({ brokers: [broker.endpoint], logLevel: logLevel.NOTHING }).admin()
  await admin.createTopics({ topics })
  await admin.disconnect()
  dynamodb = await startDynamodb()
  const pages = [...publishedKeys].map(
    ([address, { text }]) => [new URL(address).pathname, [200, text]] as const,
  )
  sender = await startSenderServer(senderHosts, Object.fromEntries(pages))
  // The sender's host can be reached by `signing-keys`, which is not in the VPC.
  const open = [new URL(dynamodb.endpoint).port, broker.endpoint.split(':')[1], String(sender.port)]
  const pass = Socket.prototype.connect
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function refuseOthers(this: Socket, ...given) {
    const text = JSON.stringify(given)
    if (open.some((port) => new RegExp(`"port":"?${port}\\b`).test(text)))
      return pass.apply(this, given as never)
    refused.push(text)
    return this.destroy(new Error('there is no way out'))
  })
})
afterAll(async () => {
  vi.restoreAllMocks()
  await sender.stop()
  await broker.stop()
  await dynamodb.stop()
  await rm(folder, { recursive: true })
})

function environment() {
  const { log, claims, connections, subscriptions, deadLetters, views, keys, replays } = dynamodb.tables
  return readEnvironment({
    ...process.env,
    LOCAL: '1',
    LOG_TABLE: log,
    CLAIMS_TABLE: claims,
    CONNECTIONS_TABLE: connections,
    SUBSCRIPTIONS_TABLE: subscriptions,
    DEAD_LETTERS_TABLE: deadLetters,
    VIEWS_TABLE: views,
    KEYS_TABLE: keys,
    REPLAYS_TABLE: replays,
    KAFKA_BROKERS: broker.endpoint,
    TOKEN_ISSUER: ISSUER,
    DYNAMODB_ENDPOINT: dynamodb.endpoint,
  })
}

function openWrite() {
  const write = createWrite(composeWrite(environment()))
  return async (kid: string, id: string) => {
    const headers = { authorization: `Bearer ${tokenOf(kid)}`, 'content-type': 'application/json' }
    const body = { type: 'tests.made', source: '/tests', id, data: {} }
    return callHttp(write, makeHttpEvent('POST', '/events', { headers, body }))
  }
}

function tokenOf(kid: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: ISSUER,
    client_id: process.env.USER_POOL_CLIENT_ID,
    token_use: 'access',
    sub: 'u1',
    iat,
  }
  const whole = { ...claims, username: 'ada', 'cognito:groups': ['operator'], exp: iat + 60 }
  const input = `${encode({ alg: 'RS256', kid })}.${encode(whole)}`
  const key = keyPairs.get(kid)?.privateKey as KeyObject
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key).toString('base64url')}`
}

/** Writes an event of the port, stores and folds it, and returns what assigns it. */
async function openAssign(id: string) {
  const deps = composeCommand(environment())
  const draft = { id, source: '/tests', type: 'port.system.recovered', data: { title: 'Crane 4' } }
  const event = completeEvent(draft, { ...deps, now: () => new Date() }) as CloudEvent
  const [receipt] = await accept([event], new Set(), deps)
  const { topic = '', partition = -1, offset = -1 } = receipt ?? {}
  await storeCase({ topic, partition, offset, timestamp: Date.now(), event }, deps)
  const command = createCommand(deps)
  return (assignee: string) => {
    const headers = { authorization: `Bearer ${tokenOf('k1')}`, 'content-type': 'application/json' }
    const given = { headers, body: { assignee }, pathParameters: { id, move: 'assign' } }
    return callHttp(command, makeHttpEvent('POST', `/events/${id}/assign`, given))
  }
}

/** Returns what delivers the sample of a sender. */
async function openDeliver(name: string) {
  const sample = samples.find((each) => each.name === name)
  if (sample === undefined) throw new Error(`no sample of ${name}`)
  const secret = `local-secret-${name}`
  const { headers, body } = await signSample(sample, secret, new Date())
  const env = { ...environment(), publicUrl: 'https://hooks.example.com' }
  const webhooks = createWebhooks(
    composeWebhooks({ ...env, webhooks: { [`WEBHOOK_SECRET_${name.toUpperCase()}`]: secret } }),
  )
  const given = { headers: headers as Record<string, string>, body: Buffer.from(body).toString() }
  const call = makeHttpEvent('POST', `/webhooks/${name}`, { ...given, pathParameters: { source: name } })
  return () => callHttp(webhooks, call)
}

async function copyKeys(kids: readonly string[], copied = Date.now()): Promise<void> {
  const keys = kids.map((kid) => ({
    ...keyPairs.get(kid)?.publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'RS256',
  }))
  const store = dynamoSigningKeyStore(dynamodb.client, { table: dynamodb.tables.keys })
  await store.save(ISSUER, { jwks: JSON.stringify({ keys }), copied })
}

describe('a function without a way out', () => {
  test('accepts events with a bearer token, and tries no other connection than to Kafka and DynamoDB', async () => {
    await copyKeys(['k1'])

    expect(await openWrite()('k1', 'e1')).toMatchObject({ status: 202, body: { id: 'e1', topic: 'events' } })
    expect(refused).toEqual([])
  })

  test('refuses a token of a new key with 503 until that is copied, and then accepts it', async () => {
    await copyKeys(['k1'], Date.now())

    expect(await openWrite()('k2', 'e2')).toMatchObject({ status: 503, headers: { 'retry-after': '30' } })
    await copyKeys(['k1', 'k2'], Date.now() + 1)
    expect(await openWrite()('k2', 'e2')).toMatchObject({ status: 202 })
    expect(refused).toEqual([])
  })

  test('assigns an event to a person as soon as they are copied, and to nobody else', async () => {
    await copyKeys(['k1'], Date.now() + 2)
    const assign = await openAssign('e3')

    const early = await assign('bob@example.com')
    await dynamoPersonStore(dynamodb.client, { table: dynamodb.tables.keys }).put([
      { name: 'bob@example.com', role: 'viewer' },
    ])
    const assigned = await assign('bob@example.com')

    expect(early).toMatchObject({ status: 422, body: { detail: expect.stringContaining('after a minute') } })
    expect(assigned).toMatchObject({ status: 202, body: { topic: 'port-events' } })
    expect(refused).toEqual([])
  })

  test.each(['sns', 'paypal', 'pubsub'])(
    'verifies a webhook of %s as soon as the key that its sender publishes is copied',
    async (name) => {
      const deliver = await openDeliver(name)
      const store = dynamoSenderKeyStore(dynamodb.client, { table: dynamodb.tables.keys })

      expect(await deliver()).toMatchObject({ status: 503, headers: { 'retry-after': '60' } })
      expect(sender.asked).toEqual([])
      await copySenderKeys({ store, now: Date.now, agent: sender.agent })
      expect(sender.asked.splice(0)).toHaveLength(1)
      expect((await deliver()).status).toBeLessThan(300)
      expect(sender.asked).toEqual([])
      expect(refused).toEqual([])
    },
  )

  test('is one in which any other connection fails', async () => {
    const { promise, resolve } = Promise.withResolvers<Error>()
    connect({ host: '127.0.0.1', port: 9 }).on('error', resolve)

    expect((await promise).message).toBe('there is no way out')
    expect(refused.splice(0)).toHaveLength(1)
  })
})
