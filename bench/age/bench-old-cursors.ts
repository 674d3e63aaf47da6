import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoClient, putAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { formatCursor, parseCursor } from '#shared/core/cursor.ts'
import { graceOf, parseRetention } from '#shared/core/retention.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import { subscribe } from '#shared/pipeline/sockets/subscribe.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { tableClient } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { tableInput } from '#shared/testing/dynamodb/tables.ts'
import { callHttp } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryReportStore } from '#shared/testing/memory/memory-report-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryTicketStore } from '#shared/testing/memory/memory-ticket-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { findRoute } from '../../functions/lib/find-route.ts'
import { readRoutes } from '../../functions/lib/read-routes.ts'
import { startDynamodbWorker } from '../../localstack/dynamodb/start-dynamodb-worker.ts'
import { startDynamodbLocal } from '../../localstack/java/start-dynamodb-local.ts'
import { type Outcome, quantile, type Row, round } from '../measure/measure.ts'
import type { BenchOptions } from '../options.ts'

const PARTITIONS = [0, 1, 2]
const EXPIRED = 100_000
const LIVE = 300
/** The live events are of the last two hours. */
const LIVE_SECONDS = 7200
const ROUNDS = 15
/** The first rounds of each call are not measured, because a JVM becomes faster. */
const WARM_UP = 5
const [DAY, HOUR] = [86_400, 3600]
const TABLE = 'log'
const retention = parseRetention('7d')
const RETENTION = retention.ofTopic('')

// Two topics with the same live events and the same heads. In one the 100,000 events below them are deleted, in the
// other they have expired and are still there.
const TOPICS = ['deleted', 'expired'] as const
type Topic = (typeof TOPICS)[number]
const domains = TOPICS.map((topic) => ({ name: topic, topics: { [topic]: [`${topic}.**`] }, events: {} }))
const catalog = createCatalog(domains)

type Tables = {
  readonly name: string
  readonly endpoint: string
  readonly storedAgo: number
  stop(): Promise<void>
}
type Store = ReturnType<typeof dynamoEventStore>
/** What a call found, to be compared: both topics have the same live events. */
type Call = (store: Store, topic: Topic) => Promise<string>

/**
 * What readers and searches cost with 100,000 expired events in each of three partitions that are not deleted yet, and
 * without them, in turns: the local tables, where they are within the grace, and DynamoDB Local, where they are days past
 * it. `cold` is a function that has just started. What is found must be the same.
 */
export async function benchOldCursors({ rounds }: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const faults: string[] = []
  for (const start of [localTables, dynamodbLocal]) {
    const tables = await start()
    try {
      const measured = await measureOn(tables, rounds ?? ROUNDS)
      rows.push(...measured.rows)
      faults.push(...measured.faults)
    } finally {
      await tables.stop()
    }
  }
  return { rows, faults }
}

async function localTables(): Promise<Tables> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
  const { endpoint, stop } = await startDynamodbWorker({ port: 0, dataDir })
  return {
    name: 'local tables',
    endpoint,
    storedAgo: 7 * DAY + HOUR,
    async stop() {
      await stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function dynamodbLocal(): Promise<Tables> {
  const { endpoint, stop } = await startDynamodbLocal({ log: console.error })
  return { name: 'DynamoDB Local', endpoint, storedAgo: 9 * DAY, stop }
}

async function measureOn({ name, endpoint, storedAgo }: Tables, rounds: number): Promise<Outcome> {
  const client = dynamoClient({ endpoint, isLocal: true })
  const admin = tableClient(endpoint)
  try {
    await admin.send(new CreateTableCommand(tableInput('log', TABLE)))
    const now = Math.floor(Date.now() / 1000)
    for (const topic of TOPICS) await fill(client, topic, now, storedAgo)
    const counted = countRequests(client)
    const open = () => dynamoEventStore(counted.client, { table: TABLE, retention })
    const rows: Row[] = []
    const faults: string[] = []
    for (const [call, run] of Object.entries(callsAt(now))) {
      const warm = { deleted: open(), expired: open() }
      for (const state of ['cold', 'warm'] as const) {
        const times = { deleted: [] as number[], expired: [] as number[] }
        const requests = { deleted: 0, expired: 0 }
        const found = { deleted: '', expired: '' }
        for (let index = -WARM_UP; index < rounds; index++)
          for (const topic of TOPICS) {
            const store = state === 'cold' ? open() : warm[topic]
            const [begin, before] = [performance.now(), counted.requests()]
            found[topic] = await run(store, topic)
            if (index >= 0) times[topic].push(performance.now() - begin)
            requests[topic] = counted.requests() - before
          }
        if (found.deleted !== found.expired)
          faults.push(`${name}, ${call}: ${found.deleted} without expired events, ${found.expired} with them`)
        const [without, withThem] = [quantile(times.deleted, 0.5), quantile(times.expired, 0.5)]
        rows.push({
          tables: name,
          call,
          function: state,
          found: found.expired,
          'ms without': round(without),
          'ms with': round(withThem),
          ratio: round(withThem / without),
          'requests without': requests.deleted,
          'requests with': requests.expired,
        })
      }
    }
    return { rows, faults }
  } finally {
    admin.destroy()
  }
}

function callsAt(now: number): Readonly<Record<string, Call>> {
  const time = (secondsAgo: number) => new Date((now - secondsAgo) * 1000).toISOString()
  const list = (query: Readonly<Record<string, string>>) => (store: Store, topic: Topic) =>
    listAll(store, topic, query)
  return {
    'GET /events/since, old cursor': (store, topic) => since(store, topic, EXPIRED / 2),
    'GET /events/since, a reader that keeps up': (store, topic) => since(store, topic, EXPIRED + LIVE - 20),
    'subscribe, old cursor': async (store, topic) =>
      subscribeFrom(store, topic, await cursorAt(store, topic, EXPIRED / 2)),
    'subscribe since an hour ago': (store, topic) => subscribeFrom(store, topic, time(HOUR)),
    'subscribe since 30 days ago': (store, topic) => subscribeFrom(store, topic, time(30 * DAY)),
    'subscribe, earliest': (store, topic) => subscribeFrom(store, topic, 'earliest'),
    'GET /events, first page': list({ limit: '50' }),
    'GET /events, every page': list({ limit: '500' }),
    'GET /events by type': list({ type: 'bench.rare', limit: '50' }),
    'GET /events by time': list({ from: time(HOUR), to: time(HOUR / 2), limit: '500' }),
  }
}

async function fill(client: DocumentClient, topic: Topic, now: number, storedAgo: number): Promise<void> {
  const store = dynamoEventStore(client, { table: TABLE, retention })
  const { epoch } = await store.topic(topic)
  const at = (partition: number, offset: number, storedAt: number) => ({
    stream: `${topic}@${epoch}:${partition}`,
    offset,
    timestamp: storedAt * 1000,
    storedAt,
    expires: storedAt + RETENTION + graceOf(RETENTION),
    event: JSON.stringify({
      specversion: '1.0',
      id: `${partition}-${offset}`,
      source: '/bench',
      type: offset % 100 === 0 ? 'bench.rare' : 'bench.usual',
      category: `${topic}.a`,
      time: new Date(storedAt * 1000).toISOString(),
      data: { text: 'x'.repeat(100) },
    }),
  })
  for (const partition of PARTITIONS) {
    const begin = now - storedAgo - EXPIRED / 100
    const below = Array.from({ length: topic === 'expired' ? EXPIRED : 0 }, (_, offset) =>
      at(partition, offset, begin + Math.floor(offset / 100)),
    )
    const live = Array.from({ length: LIVE }, (_, index) =>
      at(partition, EXPIRED + index, now - LIVE_SECONDS + Math.floor((index * LIVE_SECONDS) / LIVE)),
    )
    await putAll(client, TABLE, [...below, ...live])
    const head = { offset: EXPIRED + LIVE - 1, first: 0, timestamp: now * 1000 }
    await store.advance({ topic, epoch, partition }, head, undefined)
  }
}

/** The read function on a store, with all else in memory. */
function readOn(store: Store) {
  const deps = {
    store,
    catalog,
    domains,
    claims: memoryClaimStore(),
    viewStore: memoryViewStore(),
    tickets: memoryTicketStore(),
    deadLetters: memoryDeadLetterStore(),
    subscriptions: memorySubscriptionStore(),
    gateway: recordingGateway().gateway,
    reports: memoryReportStore(),
    lifecycles: lifecyclesOf(domains),
    views: viewsOf(domains),
    longPollSeconds: 0,
    audit: memoryAudit(),
    retention,
    clock: { now: Date.now, elapsed: () => performance.now(), sleep: async () => undefined },
  }
  const routes = readRoutes(deps)
  return httpHandler(async (request) => {
    const found = findRoute(routes, request)
    if (!found) throw new Error(`there is no ${request.path}`)
    return found.route.respond(
      { ...request, pathParameters: found.pathParameters },
      makePrincipal({ name: 'bench', role: 'admin' }),
    )
  })
}

async function get(store: Store, path: string, query: Readonly<Record<string, string>>) {
  const { status, body } = await callHttp(readOn(store), makeHttpEvent('GET', path, { query }))
  if (status !== 200) throw new Error(`${path} returned ${status}: ${JSON.stringify(body)}`)
  return body as { events: unknown[]; next?: string | null; cursor: string; recovered: boolean }
}

async function cursorAt(store: Store, topic: Topic, offset: number): Promise<string> {
  const { epoch } = await store.topic(topic)
  return formatCursor(new Map([[topic, { epoch, offsets: new Map(PARTITIONS.map((one) => [one, offset])) }]]))
}

/** Reads on from a cursor to the present. */
async function since(store: Store, topic: Topic, offset: number): Promise<string> {
  const channel = `${topic}.**`
  const first = await get(store, '/events/since', {
    channel,
    limit: '500',
    cursor: await cursorAt(store, topic, offset),
  })
  let count = first.events.length
  for (let cursor = first.cursor; ; ) {
    const page = await get(store, '/events/since', { channel, limit: '500', cursor })
    if (page.cursor === cursor) break
    count += page.events.length
    cursor = page.cursor
  }
  return `${count}${first.recovered ? '' : ', trimmed'}`
}

/** Subscribes a socket; counts what is replayed. */
async function subscribeFrom(store: Store, topic: Topic, since: string): Promise<string> {
  const { gateway, posts } = recordingGateway()
  const deps = { store, catalog, gateway, subscriptions: memorySubscriptionStore() }
  const message = { action: 'subscribe' as const, id: 's1', channels: [`${topic}.**`], since }
  const principal = makePrincipal()
  await deps.subscriptions.connect('c1', principal)
  await subscribe('c1', message, { principal, deadline: Date.now() + 10_000 }, deps)
  const frames = posts.map(
    ({ frame }) => JSON.parse(frame) as { events?: unknown[]; reason?: string; cursor?: string },
  )
  const last = frames.at(-1)
  if (parseCursor(last?.cursor ?? '').get(topic)?.offsets.size !== PARTITIONS.length)
    throw new Error(`the subscription ended with ${JSON.stringify(last)}`)
  const count = frames.reduce((sum, { events = [] }) => sum + events.length, 0)
  return `${count}${last?.reason ? `, ${last.reason}` : ''}`
}

/** Reads a list: its first page, or with pages of 500 all of them. */
async function listAll(store: Store, topic: Topic, query: Readonly<Record<string, string>>): Promise<string> {
  let count = 0
  for (let next: string | null | undefined; next !== null; ) {
    const page = await get(store, '/events', { channel: `${topic}.**`, ...query, ...(next && { next }) })
    count += page.events.length
    next = query.limit === '500' ? page.next : null
  }
  return String(count)
}

function countRequests(inner: DocumentClient) {
  let requests = 0
  const pass = inner.send.bind(inner) as (command: unknown) => Promise<unknown>
  const send = (command: unknown) => {
    requests++
    return pass(command)
  }
  return { client: { send } as unknown as DocumentClient, requests: () => requests }
}
