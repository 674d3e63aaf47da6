import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '#shared/testing/random.ts'
import { startDynamodbWorker } from '../../localstack/dynamodb/start-dynamodb-worker.ts'
import { readLog } from '../support/api.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Frame, openSocket } from '../support/open-socket.ts'
import { API_KEY, startStack } from '../support/start-stack.ts'
import { tableOf } from './print-table.ts'
import { startHttpProxy } from './proxies/http-proxy.ts'
import { spawnBroker } from './spawn-broker.ts'

type Options = {
  readonly seconds: number
  readonly seed: number
  /** How many senders of each kind there are. */
  readonly lanes: number
}

/** What was seen while calls to DynamoDB and Kafka were taken and never answered. */
export type TimeoutRun = {
  /** Calls to DynamoDB that were never answered, and how often Kafka stopped for a while. */
  readonly hangs: { dynamodb: number; kafka: number }
  /** How often each kind of request got each status; `cut` is a connection that broke. */
  readonly statuses: ReadonlyMap<string, number>
  /** Frames of sockets by type, and errors by code. */
  readonly frames: ReadonlyMap<string, number>
  /** Responses of 2xx that are not what the contract says, and errors that are no problems; with their text. */
  readonly wrong: readonly string[]
  readonly accepted: number
  /** Accepted events that are not in the log exactly once, at the position of their 202. */
  readonly misplaced: readonly string[]
  readonly report: string
}

/** The time limit of the functions: less than the patience of a single call to a table that hangs. */
const FUNCTION_SECONDS = 4
/** The part of the calls to DynamoDB that is never answered: a request makes up to ten. */
const HANGING = 0.03
const KAFKA_EVERY_MS = 9000
/** Longer than a function waits for Kafka. */
const KAFKA_STOPS_MS = 4500
const SETTLE_MS = 120_000

/**
 * Drives every kind of request through a real stack whose functions run out of time, because calls to DynamoDB and Kafka
 * are taken and never answered. Senders repeat what is not known to be accepted with the same id. Returns what they got,
 * and whether the log has what was accepted exactly once.
 */
export async function runFunctionTimeouts({ seconds, seed, lanes }: Options): Promise<TimeoutRun> {
  const random = createRandom(seed)
  const rig = await startRig(random)
  try {
    const seen = createSeen()
    const world = { ...rig, seen, until: performance.now() + seconds * 1000, run: randomUUID().slice(0, 8) }
    rig.hangs.isOn = true
    await Promise.all([
      stopKafkaNowAndThen(world),
      ...Array.from({ length: lanes }, (_, lane) => [
        repeat(world, (n) => postEvent(world, `${lane}-${n}`)),
        repeat(world, (n) => postKeyed(world, `${lane}-${n}`)),
        repeat(world, (n) => postWebhook(world, `${lane}-${n}`)),
        repeat(world, (n) => moveCase(world, `${lane}-${n}`)),
        repeat(world, () => readOnce(world, random)),
        repeat(world, () => useSocket(world)),
      ]).flat(),
    ])
    rig.hangs.isOn = false
    const misplaced = await findMisplaced(world)
    const { statuses, frames, wrong, accepted } = seen
    const found = { hangs: rig.hangs, statuses, frames, wrong, accepted: accepted.size, misplaced }
    return { ...found, report: describe(found, seconds, seed) }
  } finally {
    await rig.dispose()
  }
}

async function startRig(random: Random) {
  const [port = 0] = await freePorts(1)
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-timeouts-'))
  const tables = await startDynamodbWorker({ port, dataDir })
  const hangs = { isOn: false, dynamodb: 0, kafka: 0 }
  const dynamodb = await startHttpProxy(
    () => tables.endpoint,
    () => {
      if (!hangs.isOn || !random.chance(HANGING)) return null
      hangs.dynamodb++
      return { answer: 'never', lost: random.chance(0.5) }
    },
  )
  const broker = await spawnBroker()
  const stack = await startStack({
    env: {
      DYNAMODB_ENDPOINT: dynamodb.endpoint,
      KAFKA_BROKERS: broker.endpoint,
      FUNCTION_SECONDS: String(FUNCTION_SECONDS),
    },
  })
  return {
    httpUrl: stack.httpUrl,
    socketUrl: stack.socketUrl,
    broker,
    hangs,
    async dispose() {
      await stack.dispose()
      await broker.dispose()
      for (const part of [dynamodb, tables]) await part.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function createSeen() {
  const statuses = new Map<string, number>()
  const frames = new Map<string, number>()
  const count = (counts: Map<string, number>, name: string) =>
    void counts.set(name, (counts.get(name) ?? 0) + 1)
  return {
    statuses,
    frames,
    wrong: [] as string[],
    /** The position of each accepted event, by its source and id. */
    accepted: new Map<string, string>(),
    status: (kind: string, status: number | 'cut') => count(statuses, `${kind} ${status}`),
    frame: (name: string) => count(frames, name),
  }
}

type World = Omit<Awaited<ReturnType<typeof startRig>>, 'dispose'> & {
  readonly seen: ReturnType<typeof createSeen>
  readonly until: number
  readonly run: string
}

async function repeat({ until }: World, once: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; performance.now() < until; n++) await once(n)
}

async function stopKafkaNowAndThen({ broker, hangs, until }: World): Promise<void> {
  while (performance.now() + KAFKA_EVERY_MS / 2 < until) {
    await sleep(KAFKA_EVERY_MS / 2)
    hangs.kafka++
    await broker.signal('SIGSTOP')
    await sleep(KAFKA_STOPS_MS)
    await broker.signal('SIGCONT')
  }
}

type Fields = Readonly<Record<string, unknown>>
type Sent = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * Sends a request once. Returns the body of a 2xx that is what `isRight` says, else null. A 2xx that is not, and an error
 * that is neither a problem nor the gateway's own, are noted as wrong.
 */
async function send(
  { httpUrl, seen }: World,
  [kind, path]: readonly [kind: string, path: string],
  { headers, ...init }: Sent,
  isRight: (body: Fields) => boolean,
): Promise<Fields | null> {
  const sent = { ...init, headers: { 'x-api-key': API_KEY, 'content-type': 'application/json', ...headers } }
  const response = await fetch(`${httpUrl}${path}`, sent).catch(() => null)
  const text = await response?.text().catch(() => null)
  if (!response || typeof text !== 'string') {
    seen.status(kind, 'cut')
    return null
  }
  seen.status(kind, response.status)
  const body = parse(text)
  if (response.ok) {
    if (body && isRight(body)) return body
    seen.wrong.push(`${kind} ${response.status} ${text.slice(0, 200)}`)
    return null
  }
  // A sender repeats only what may pass.
  if (response.status < 500 && ![409, 429].includes(response.status)) throw new Error(`${kind}: ${text}`)
  const isProblem =
    response.headers.get('content-type') === 'application/problem+json' && body?.status === response.status
  const isGateway = response.status >= 500 && typeof body?.message === 'string'
  if (!isProblem && !isGateway) seen.wrong.push(`${kind} ${response.status} ${text.slice(0, 200)}`)
  return null
}

function parse(text: string): Fields | null {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Fields) : null
  } catch {
    return null
  }
}

const isReceipt = ({ id, topic, partition, offset }: Fields) =>
  typeof id === 'string' &&
  typeof topic === 'string' &&
  Number.isInteger(partition) &&
  Number.isInteger(offset)

/** Sends until it is accepted, as a careful sender does, also after the faults have ended. */
async function sendUntilAccepted(
  world: World,
  [kind, path]: readonly [string, string],
  sent: Sent,
): Promise<Fields> {
  for (;;) {
    const receipt = await send(world, [kind, path], { method: 'POST', ...sent }, isReceipt)
    if (receipt === null) {
      await sleep(100)
      continue
    }
    const { id, topic, partition, offset } = receipt
    const position = `${topic}-${partition}@${offset}`
    const known = world.seen.accepted.get(String(id))
    if (known !== undefined && known !== position)
      world.seen.wrong.push(`${kind}: ${id} was accepted at ${known} and at ${position}`)
    world.seen.accepted.set(String(id), position)
    return receipt
  }
}

async function postEvent(world: World, n: string): Promise<void> {
  const id = `event-${world.run}-${n}`
  const body = JSON.stringify({
    id,
    source: '/timeouts',
    type: 'timeouts.test',
    category: `timeouts.${world.run}`,
  })
  await sendUntilAccepted(world, ['event', '/events'], { body })
}

async function postKeyed(world: World, n: string): Promise<void> {
  const body = JSON.stringify({ type: 'timeouts.test', category: `timeouts.${world.run}` })
  const headers = { 'idempotency-key': `"key-${world.run}-${n}"` }
  await sendUntilAccepted(world, ['keyed event', '/events'], { body, headers })
}

async function postWebhook(world: World, n: string): Promise<void> {
  const body = JSON.stringify({ zen: n, hook_id: 1 })
  const signature = createHmac('sha256', 'local-secret-github').update(body).digest('hex')
  const headers = {
    'x-github-event': 'ping',
    'x-github-delivery': `hook-${world.run}-${n}`,
    'x-hub-signature-256': `sha256=${signature}`,
  }
  await sendUntilAccepted(world, ['webhook', '/webhooks/github'], { body, headers })
}

/** Accepts a case, and acknowledges it. */
async function moveCase(world: World, n: string): Promise<void> {
  const id = `case-${world.run}-${n}`
  const body = JSON.stringify({
    id,
    source: '/timeouts',
    type: 'port.container.damaged',
    subject: id,
    data: { title: id },
  })
  await sendUntilAccepted(world, ['case', '/events'], { body })
  const headers = { 'idempotency-key': `"move-${world.run}-${n}"` }
  await sendUntilAccepted(world, ['move', `/events/${id}/acknowledge`], { body: '', headers })
}

const READS: readonly [path: string, isRight: (body: Fields) => boolean][] = [
  ['/events?limit=5', ({ events }) => Array.isArray(events)],
  ['/events/since', ({ cursor }) => typeof cursor === 'string'],
  ['/views/port/cases?limit=5', ({ cursor }) => typeof cursor === 'string'],
  ['/stats', ({ connections }) => typeof connections === 'number'],
  ['/dead-letters?limit=5', ({ deadLetters }) => Array.isArray(deadLetters)],
  ['/health', ({ status }) => status === 'ok'],
]

async function readOnce(world: World, random: Random): Promise<void> {
  const [path, isRight] = READS[random.pick(READS.length)] ?? ['', () => false]
  await send(world, [`GET ${path.split('?')[0]}`, path], {}, isRight)
}

const FRAMES = ['events', 'subscribed', 'unsubscribed', 'pong', 'gap', 'error']

/** What the gateway sends if a function is cut, because the machine was too busy even for its last word. */
const isOfGateway = ({ message }: Frame) => message === 'Internal server error'

/** Opens a socket, and makes each request on it that is answered. */
async function useSocket({ socketUrl, seen, run }: World): Promise<void> {
  const socket = await openSocket(socketUrl).catch((error: Error) => error)
  if (socket instanceof Error) {
    const [, status] = /response: (\d{3})/.exec(socket.message) ?? []
    seen.status('$connect', status === undefined ? 'cut' : Number(status))
    return
  }
  seen.status('$connect', 101)
  const ask = async (message: Fields, answer: string) => {
    socket.send(message)
    await socket.next((frame) => frame.type === answer || frame.type === 'error' || isOfGateway(frame))
  }
  await ask({ action: 'subscribe', id: 's1', channels: [`timeouts.${run}`] }, 'subscribed')
  await ask({ action: 'ping' }, 'pong')
  await ask({ action: 'unsubscribe', id: 's1' }, 'unsubscribed')
  for (const frame of socket.frames) {
    if (isOfGateway(frame)) seen.frame('of the gateway')
    else if (FRAMES.includes(frame.type))
      seen.frame(frame.type === 'error' ? `error ${frame.code}` : frame.type)
    else seen.wrong.push(`socket: ${JSON.stringify(frame)}`)
    if (frame.type === 'error' && frame.code !== 'unavailable') seen.wrong.push(JSON.stringify(frame))
  }
  if (socket.socket.readyState !== socket.socket.OPEN) seen.wrong.push('a socket was closed')
  await socket.close()
}

/** Waits until the log has every accepted event. Returns those that it does not have once, at their position. */
async function findMisplaced({ httpUrl, seen, run }: World): Promise<string[]> {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    const log = await readAll(httpUrl, run)
    const missing = [...seen.accepted.keys()].some((id) => !log.has(id))
    if (missing && performance.now() < until) {
      await sleep(500)
      continue
    }
    return [...seen.accepted].flatMap(([id, position]) => {
      const found = log.get(id) ?? []
      return found.length === 1 && found[0] === position
        ? []
        : `${id} at ${position}: ${found.join(' ') || 'missing'}`
    })
  }
}

/** The positions of each event, by its id. */
async function readAll(httpUrl: string, run: string): Promise<ReadonlyMap<string, string[]>> {
  const log = new Map<string, string[]>()
  for (const channel of [`timeouts.${run}`, 'github.**', 'port.**'])
    for (const { topic, partition, offset, event } of await readLog(httpUrl, channel))
      log.set(event.id, [...(log.get(event.id) ?? []), `${topic}-${partition}@${offset}`])
  return log
}

function describe(
  { hangs, statuses, frames, wrong, accepted, misplaced }: Omit<TimeoutRun, 'report'>,
  seconds: number,
  seed: number,
): string {
  const list = (counts: ReadonlyMap<string, number>): [string, number][] =>
    [...counts].sort(([a], [b]) => a.localeCompare(b))
  const table = tableOf(`Functions that run out of time: ${seconds} s, seed ${seed}`, [
    ['calls to DynamoDB that hung', hangs.dynamodb],
    ['stops of Kafka', hangs.kafka],
    ...list(statuses),
    ...list(frames).map(([name, times]): [string, number] => [`frame ${name}`, times]),
    ['events accepted', accepted],
    ['accepted but not in the log once', misplaced.length],
    ['2xx that are errors, and errors that are no problems', wrong.length],
  ])
  return (
    table +
    [...wrong, ...misplaced]
      .slice(0, 20)
      .map((line) => `  ${line}\n`)
      .join('')
  )
}
