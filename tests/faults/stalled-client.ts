import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatCursor, parseCursor, type TopicCursor } from '#shared/core/cursor.ts'
import { quantile } from '../../bench/measure/measure.ts'
import { type Positioned, publishBatch, readLog } from '../support/api.ts'
import { type Frame, openSocket, type TestSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'
import { tableOf } from './print-table.ts'

export type StallOptions = {
  readonly sockets: number
  /** Seconds of load before the stall, and the same during it. */
  readonly seconds: number
  /** Events per second, of about 1 KB. */
  readonly rate: number
}

export type Stall = {
  readonly toldBehind: boolean
  readonly missed: number
  readonly sent: readonly string[]
  /** The ids that the stalled client received after it had resumed, in their order and without repeats. */
  readonly recovered: readonly string[]
  readonly report: string
}

const POSTS_PER_SECOND = 1
const DRAIN_MS = 30_000
/** Fills only the buffers of the stalled client: some megabytes, of the kernel and the gateway. */
const FILLERS = { count: 96, bytes: 100_000 }

const eventsOf = (frame: Frame) => (frame.type === 'events' ? (frame.events as Positioned[]) : [])
const isSubscribed = (frame: Frame) => frame.type === 'subscribed'

/**
 * Subscribes many sockets to one channel, measures how long events take to all of them, lets one stop reading until
 * its buffers are full, measures the others again, and has the stalled one read again and resume.
 */
export async function runStall({ sockets: count, seconds, rate }: StallOptions): Promise<Stall> {
  const stack = await startStack()
  const channel = `stall.${randomUUID().slice(0, 8)}`
  const sockets: TestSocket[] = []
  try {
    for (let left = count; left > 0; left -= 20)
      sockets.push(
        ...(await Promise.all(Array.from({ length: Math.min(20, left) }, () => join(stack, channel)))),
      )
    const [stalled, ...others] = sockets as [TestSocket, ...TestSocket[]]
    const subscribed = stalled.frames.find(isSubscribed)
    stalled.send({ action: 'subscribe', id: 'fill', channels: ['fill'] })
    await stalled.next((frame) => isSubscribed(frame) && frame.id === 'fill')
    const begun = watchLatencies(others)
    const sent = await load(stack, channel, { seconds: 3, rate, phase: 'warm' }, begun)
    begun.take()
    sent.push(...(await load(stack, channel, { seconds, rate, phase: 'before' }, begun)))
    const before = begun.take()
    stalled.socket.pause()
    await fill(stack)
    sent.push(...(await load(stack, channel, { seconds, rate, phase: 'during' }, begun)))
    const during = begun.take()
    stalled.socket.resume()
    const resumed = await resume(stack, stalled, channel, String(subscribed?.cursor))
    const report = describe({ count, before, during, missed: resumed.missed, told: resumed.told })
    return { toldBehind: resumed.told !== 'nothing', sent, ...resumed, report }
  } finally {
    await Promise.all(sockets.map(({ socket }) => socket.terminate()))
    await stack.dispose()
  }
}

async function join(stack: TestStack, channel: string): Promise<TestSocket> {
  const socket = await openSocket(stack.socketUrl)
  socket.send({ action: 'subscribe', id: 's', channels: [channel] })
  await socket.next(isSubscribed, 60_000)
  return socket
}

type Latencies = {
  readonly sentAt: Map<string, number>
  take(): number[]
  arrived(count: number): Promise<void>
}

/** Measures for each event and socket the milliseconds from the POST to the frame. */
function watchLatencies(sockets: readonly TestSocket[]): Latencies {
  const sentAt = new Map<string, number>()
  let latencies: number[] = []
  for (const { socket } of sockets)
    socket.on('message', (data) => {
      const now = performance.now()
      for (const { event } of eventsOf(JSON.parse(String(data)) as Frame))
        latencies.push(now - (sentAt.get(event.id) ?? now))
    })
  return {
    sentAt,
    async arrived(count) {
      const deadline = performance.now() + DRAIN_MS
      while (latencies.length < count * sockets.length && performance.now() < deadline) await sleep(50)
    },
    take() {
      const taken = latencies
      latencies = []
      return Array.from(Float64Array.from(taken).sort())
    },
  }
}

/** Posts events at a steady rate and waits until all have arrived. Returns their ids in order. */
async function load(
  stack: TestStack,
  channel: string,
  { seconds, rate, phase }: { seconds: number; rate: number; phase: string },
  { sentAt, arrived }: Latencies,
): Promise<string[]> {
  const ids: string[] = []
  const size = Math.round(rate / POSTS_PER_SECOND)
  const text = 'x'.repeat(700)
  const begin = performance.now()
  for (let tick = 0; tick < seconds * POSTS_PER_SECOND; tick++) {
    await sleep(Math.max(0, begin + (tick * 1000) / POSTS_PER_SECOND - performance.now()))
    const batch = Array.from({ length: size }, (_, n) => `${channel}-${phase}-${tick}-${n}`)
    for (const id of batch) sentAt.set(id, performance.now())
    await publishBatch(
      stack.httpUrl,
      // One key, so that all are in one partition, where a client that delays a batch delays all others.
      batch.map((id) => ({
        specversion: '1.0',
        id,
        source: '/stall',
        type: 'stall.test',
        category: channel,
        partitionkey: 'one',
        data: { text },
      })),
    )
    ids.push(...batch)
  }
  await arrived(ids.length)
  return ids
}

async function fill({ httpUrl }: TestStack): Promise<void> {
  const data = 'x'.repeat(FILLERS.bytes)
  for (let n = 0; n < FILLERS.count; n += 8)
    await publishBatch(
      httpUrl,
      Array.from({ length: 8 }, (_, index) => ({
        specversion: '1.0',
        id: `fill-${n + index}`,
        source: '/stall',
        type: 'stall.fill',
        category: 'fill',
        data,
      })),
    )
}

/** Reads the buffered frames, asks whether something was missed, and resumes from its own cursor. */
async function resume(stack: TestStack, { frames, send, next }: TestSocket, channel: string, start: string) {
  await sleep(2000)
  const ofChannel = () => frames.flatMap(eventsOf).filter(({ event }) => event.category === channel)
  const before = ofChannel()
  send({ action: 'ping' })
  const pong = await next(({ type }) => type === 'pong', 30_000)
  const gap = frames.some(({ type, ids }) => type === 'gap' && (ids as string[]).includes('s'))
  const told = gap ? 'gap' : pong.behind === true ? 'pong' : 'nothing'
  const since = advance(start, before)
  send({ action: 'subscribe', id: 's', attempt: 2, channels: [channel], since })
  const answer = await next((frame) => isSubscribed(frame) && frame.attempt === 2, 30_000)
  const rest = answer.recovered
    ? ofChannel().slice(before.length)
    : await readLog(stack.httpUrl, channel, since)
  const recovered = [...new Set([...before, ...rest].map(({ event }) => event.id))]
  return { told, missed: rest.length, recovered }
}

function advance(cursor: string, events: readonly Positioned[]): string {
  const topics = new Map<string, TopicCursor>(parseCursor(cursor))
  for (const { topic, partition, offset } of events) {
    const known = topics.get(topic)
    if (known) topics.set(topic, { ...known, offsets: new Map([...known.offsets, [partition, offset]]) })
  }
  return formatCursor(topics)
}

type Measured = { count: number; before: number[]; during: number[]; missed: number; told: string }

function describe({ count, before, during, missed, told }: Measured): string {
  const row = (sorted: readonly number[]) =>
    `${quantile(sorted, 0.5).toFixed(0)}, ${quantile(sorted, 0.99).toFixed(0)} ms of ${sorted.length}`
  return tableOf(`One of ${count} clients stops reading`, [
    ['latency p50, p99 without', row(before)],
    ['latency p50, p99 with the stalled client', row(during)],
    ['ratio of p99', (quantile(during, 0.99) / quantile(before, 0.99)).toFixed(2)],
    ['the stalled client was informed by', told],
    ['events that it had missed and recovered', missed],
  ])
}
