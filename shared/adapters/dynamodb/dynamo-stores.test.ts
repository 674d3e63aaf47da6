import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { parseRetention } from '#shared/core/retention.ts'
import type { StoredEvent, Stream, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { describeClaimStore } from '#shared/testing/contracts/claim-store.contract.ts'
import { describeDeadLetterStore } from '#shared/testing/contracts/dead-letter-store.contract.ts'
import { describeEventStore } from '#shared/testing/contracts/event-store.contract.ts'
import { describeHandshakeSecretStore } from '#shared/testing/contracts/handshake-secret-store.contract.ts'
import { describeKeyStore } from '#shared/testing/contracts/key-store.contract.ts'
import { describePersonStore } from '#shared/testing/contracts/person-store.contract.ts'
import { describeRateCounter } from '#shared/testing/contracts/rate-counter.contract.ts'
import { describeReplayStore } from '#shared/testing/contracts/replay-store.contract.ts'
import { describeReportStore } from '#shared/testing/contracts/report-store.contract.ts'
import { describeRevocationStore } from '#shared/testing/contracts/revocation-store.contract.ts'
import { describeSenderKeyStore } from '#shared/testing/contracts/sender-key-store.contract.ts'
import { describeSigningKeyStore } from '#shared/testing/contracts/signing-key-store.contract.ts'
import { describeSubscriptionStore } from '#shared/testing/contracts/subscription-store.contract.ts'
import { describeTicketStore } from '#shared/testing/contracts/ticket-store.contract.ts'
import { describeTrialStore } from '#shared/testing/contracts/trial-store.contract.ts'
import { describeViewStore } from '#shared/testing/contracts/view-store.contract.ts'
import { startDynamodb } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { GetCommand, PutCommand, UpdateCommand } from './commands.ts'
import { dynamoHandshakeSecretStore } from './copies/dynamo-handshake-secret-store.ts'
import { dynamoPersonStore } from './copies/dynamo-person-store.ts'
import { dynamoSenderKeyStore } from './copies/dynamo-sender-key-store.ts'
import { dynamoSigningKeyStore } from './copies/dynamo-signing-key-store.ts'
import { dynamoClaimStore } from './dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from './dynamo-dead-letter-store.ts'
import { dynamoEventStore } from './dynamo-event-store.ts'
import { dynamoKeyStore } from './dynamo-key-store.ts'
import { dynamoRateCounter } from './dynamo-rate-counter.ts'
import { dynamoReplayStore } from './dynamo-replay-store.ts'
import { dynamoReportStore } from './dynamo-report-store.ts'
import { dynamoRevocationStore } from './dynamo-revocation-store.ts'
import { dynamoSubscriptionStore } from './dynamo-subscription-store.ts'
import { dynamoTicketStore } from './dynamo-ticket-store.ts'
import { dynamoTrialStore } from './dynamo-trial-store.ts'
import { dynamoViewStore } from './dynamo-view-store.ts'

const { client, tables, name, stop } = await startDynamodb()
afterAll(stop)

const WHOLE = { shard: 0, shards: 1 }
const retention = parseRetention('7d')
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const PAST = Math.floor(Date.now() / 1000) - 1
const openLog = ({ now = Date.now, kept = retention } = {}) =>
  dynamoEventStore(client, { table: tables.log, retention: kept, now })
const daysAgo = (days: number) => () => Date.now() - days * DAY_MS
const openClaims = (now = Date.now) => dynamoClaimStore(client, { table: tables.claims, retention, now })
const openSubscriptions = () => dynamoSubscriptionStore(client, tables, WHOLE)

describeEventStore(name, (now) => openLog({ now }))
describeClaimStore(name, () => openClaims())
describeDeadLetterStore(name, () => dynamoDeadLetterStore(client, { table: tables.deadLetters, retention }))
describeTrialStore(name, () => dynamoTrialStore(client, { table: tables.deadLetters, retention }))
describeKeyStore(name, () => dynamoKeyStore(client, { table: tables.keys }))
describeRateCounter(name, () => dynamoRateCounter(client, { table: tables.connections }))
describeReportStore(name, (now) => dynamoReportStore(client, { table: tables.connections, now }))
describeReplayStore(name, () => dynamoReplayStore(client, { table: tables.replays }))
describeRevocationStore(name, (now) => dynamoRevocationStore(client, { table: tables.connections, now }))
describeSubscriptionStore(name, openSubscriptions)
describeHandshakeSecretStore(name, () => dynamoHandshakeSecretStore(client, { table: tables.keys }))
describeSigningKeyStore(name, () => dynamoSigningKeyStore(client, { table: tables.keys }))
describeSenderKeyStore(name, () => dynamoSenderKeyStore(client, { table: tables.keys }))
describePersonStore(name, () => dynamoPersonStore(client, { table: tables.keys }))
describeTicketStore(name, (now) => dynamoTicketStore(client, { table: tables.connections, now }))
describeViewStore(name, (now, kept) => dynamoViewStore(client, { table: tables.views, now, retention: kept }))

const eventAt = ({ topic, partition }: Stream, offset: number): StoredEvent => ({
  topic,
  partition,
  offset,
  timestamp: 1,
  event: { specversion: '1.0', id: `${offset}`, source: '/t', type: 't' },
})

describe(`an item that has expired and is not deleted yet, ${name}`, () => {
  test('is not read from the log, in either direction or past a limit', async () => {
    const store = openLog({ now: daysAgo(8) })
    const topic = `t-${randomUUID()}`
    const stream = { topic, epoch: (await store.topic(topic)).epoch, partition: 0 }
    const event = (offset: number) => eventAt(stream, offset)
    await store.put(stream, [0, 1, 2].map(event))
    await openLog().put(stream, [3, 4].map(event))

    const read = async (newestFirst: boolean, limit: number) =>
      (await openLog().read(stream, { after: -1, upTo: 9, limit, newestFirst })).map(({ offset }) => offset)

    expect(await read(false, 2)).toEqual([3, 4])
    expect(await read(true, 9)).toEqual([4, 3])
  })

  test('is deleted two hours after the end of its retention, and not read in between', async () => {
    const topic = `t-${randomUUID()}`
    const stream = { topic, epoch: (await openLog().topic(topic)).epoch, partition: 0 }
    let time = Date.now()
    const log = openLog({ now: () => time })
    await log.put(stream, [eventAt(stream, 0)])
    const offsets = async () => (await log.read(stream, { after: -1, upTo: 9, limit: 9 })).length

    const Key = { stream: `${topic}@${stream.epoch}:0`, offset: 0 }
    const { Item } = await client.send(new GetCommand({ TableName: tables.log, Key }))
    expect(Item?.expires).toBe(Math.floor(time / 1000) + 7 * 86_400 + 7200)
    time += 7 * DAY_MS - 2000
    expect(await offsets()).toBe(1)
    time += 3000
    expect(await offsets()).toBe(0)
  })

  test('is not read from the log any more if the retention is shorter now, so that events end oldest first', async () => {
    const topic = `t-${randomUUID()}`
    const stream = { topic, epoch: (await openLog().topic(topic)).epoch, partition: 0 }
    await openLog({ now: daysAgo(3) }).put(stream, [eventAt(stream, 0)])
    const kept = parseRetention('2d')
    await openLog({ kept, now: daysAgo(1) }).put(stream, [eventAt(stream, 1)])

    const read = await openLog({ kept }).read(stream, { after: -1, upTo: 9, limit: 9 })

    expect(read.map(({ offset }) => offset)).toEqual([1])
  })

  test('is a free claim', async () => {
    const key = { source: '/tests', id: randomUUID() }
    const claim = (offset: number) => ({ topic: 't', epoch: 'e', partition: 0, offset })
    await client.send(
      new PutCommand({ TableName: tables.claims, Item: { ...key, ...claim(1), expires: PAST } }),
    )

    expect(await openClaims().find([key])).toEqual([null])
    expect(await openClaims().claim(key, claim(2))).toEqual(claim(2))
    expect(await openClaims().find([key])).toEqual([claim(2)])
  })

  test('is kept on if an event is stored late, for as long as that event', async () => {
    const key = { source: '/late', id: randomUUID() }
    const claim = { topic: 't', partition: 0, offset: 5 }
    await openClaims(() => Date.now() - 3 * HOUR_MS).claim(key, claim)
    await openClaims(() => Date.now() - HOUR_MS).claim({ ...key, source: '/in-time' }, claim)
    const end = async (source: string) =>
      (await client.send(new GetCommand({ TableName: tables.claims, Key: { ...key, source } }))).Item?.expires
    const [before, inTime] = [await end('/late'), await end('/in-time')]

    expect(await openClaims().find([key])).toEqual([claim])
    expect(await end('/late')).toBe(before)
    const both = [key, { ...key, source: '/in-time' }, { ...key, source: '/none' }]
    expect(await openClaims().find(both, { forStoring: true })).toEqual([claim, claim, null])

    expect(await end('/late')).toBeGreaterThanOrEqual(before + 3 * 3600)
    expect(await end('/in-time')).toBe(inTime)
  })

  test('is a free lease, and its old owner can no longer release it', async () => {
    const key = { source: '/tests', id: randomUUID() }
    await client.send(
      new PutCommand({ TableName: tables.claims, Item: { ...key, owner: 'crashed', expires: PAST } }),
    )

    expect(await openClaims().lease(key, 'next')).toBe('taken')
    await openClaims().release(key, 'crashed')
    expect(await openClaims().lease(key, 'third')).toBe('in_flight')
  })

  test('is neither a connection nor a subscription, matches nothing, and can be registered again', async () => {
    const store = openSubscriptions()
    const [connection, channel] = [`c-${randomUUID()}`, `test.${randomUUID()}`]
    await store.connect(connection, makePrincipal({ name: 'ada', role: 'viewer' }))
    await registerOn(store, { connection, id: 's1', attempt: 9, channels: [channel] })
    await expire(tables.connections, { connection, item: 'meta' })
    await expire(tables.connections, { connection, item: 'sub#s1' })
    await expire(tables.subscriptions, { channel: `1/0|${channel}`, subscriber: `${connection}#s1` })

    expect(await store.find(connection)).toBeNull()
    expect(await store.list(connection)).toEqual([])
    expect(await openSubscriptions().matching([channel])).toEqual(new Map())
    expect(await registerOn(store, { connection, id: 's1', attempt: 1, channels: [channel] })).not.toBeNull()
    expect((await openSubscriptions().matching([channel])).get(channel)).toMatchObject([{ attempt: 1 }])
  })

  function expire(TableName: string, Key: Record<string, string>) {
    return client.send(
      new UpdateCommand({
        TableName,
        Key,
        UpdateExpression: 'SET expires = :past',
        ExpressionAttributeValues: { ':past': PAST },
      }),
    )
  }
})

describe(`three shards, ${name}`, () => {
  const shards = [0, 1, 2].map((shard) => dynamoSubscriptionStore(client, tables, { shard, shards: 3 }))

  test('have each connection exactly once, whichever shard registered and removed it', async () => {
    const channel = `test.${randomUUID()}`
    const connections = Array.from({ length: 60 }, () => `c-${randomUUID()}`)
    const storeOf = (index: number) => shards[index % 3] as SubscriptionStore
    for (const [index, connection] of connections.entries())
      await registerOn(storeOf(index), { connection, id: 's1', attempt: 1, channels: [channel] })
    const gone = connections.slice(0, 6)
    for (const [index, connection] of gone.entries()) await storeOf(index + 1).removeConnection(connection)

    const found = await Promise.all(
      shards.map(async (one) => (await one.matching([channel])).get(channel) ?? []),
    )

    const seen = found.flat().map(({ connection }) => connection)
    expect(seen.sort()).toEqual(connections.slice(6).sort())
    expect(found.every((share) => share.length > 5)).toBe(true)
  })
})

test('after the clock was set back a lease from before is free, and claims and bound keys are as they were', async () => {
  let time = Date.now() + 3_600_000
  const store = dynamoClaimStore(client, { table: tables.claims, retention, now: () => time })
  const keyOf = (id: string) => ({ source: '/set-back', id: `${id} ${randomUUID()}` })
  const [leased, claimed, bound] = [keyOf('leased'), keyOf('claimed'), keyOf('bound')]
  const claim = { topic: 't', epoch: 'e', partition: 0, offset: 1 }
  await store.lease(leased, 'before')
  await store.claim(claimed, claim)
  await store.bind(bound, 'print')
  time -= 3_600_000

  expect(await store.lease(leased, 'next')).toBe('taken')
  expect(await store.lease(leased, 'third')).toBe('in_flight')
  expect(await store.lease(claimed, 'next')).toEqual(claim)
  expect(await store.bind(bound, 'another')).toBe('print')
})
