import { setTimeout as sleep } from 'node:timers/promises'
import { type Positioned, publish } from '../tests/support/api.ts'
import { openSocket, type TestSocket } from '../tests/support/open-socket.ts'
import { startStack, type TestStack } from '../tests/support/start-stack.ts'
import { cpuSeconds, quantile, type Row, type Rows, round } from './measure.ts'

const RATE = 100
const SECONDS = 10
/** Each event goes to so many subscribers: 1,000 deliveries per second in all, for any number of subscribers. */
const SUBSCRIBERS_PER_CHANNEL = 10
const WARM_UP_SECONDS = 3
const DRAIN_MS = 20_000

/**
 * From POST to the subscriber's socket on the local stack: 100 single posts per second, each delivered to 10 subscribers,
 * with 100 and with 1,000 subscribers connected. The stack, the posts and the subscribers share this machine.
 */
export async function benchLatency(): Promise<Rows> {
  const rows: Row[] = []
  for (const subscribers of [100, 1000]) {
    const stack = await startStack()
    try {
      rows.push(await measure(stack, subscribers))
    } finally {
      await stack.dispose()
    }
  }
  return rows
}

type Watched = { readonly sentAt: Map<string, number>; latencies: number[]; frames: number }

async function measure(stack: TestStack, subscribers: number): Promise<Row> {
  const channels = Array.from({ length: subscribers / SUBSCRIBERS_PER_CHANNEL }, (_, n) => `bench.c${n}`)
  const watched: Watched = { sentAt: new Map(), latencies: [], frames: 0 }
  const sockets: TestSocket[] = []
  for (let index = 0; index < subscribers; index += SUBSCRIBERS_PER_CHANNEL)
    sockets.push(...(await subscribeAll(stack, channels[index / SUBSCRIBERS_PER_CHANNEL] ?? '', watched)))
  await post(stack, channels, WARM_UP_SECONDS, watched)
  Object.assign(watched, { latencies: [], frames: 0 })
  const cpu = await cpuSeconds(stack.pid())
  await post(stack, channels, SECONDS, watched)
  const used = (await cpuSeconds(stack.pid())) - cpu
  for (const { socket } of sockets) socket.terminate()
  const { latencies, frames } = watched
  return {
    subscribers,
    'events per second': RATE,
    deliveries: latencies.length,
    'p50 ms': round(quantile(latencies, 0.5)),
    'p99 ms': round(quantile(latencies, 0.99)),
    'frames per delivered event': round(frames / latencies.length),
    'CPU seconds of the stack': Number.isNaN(used) ? 'unknown' : round(used),
    seconds: SECONDS,
  }
}

function subscribeAll(stack: TestStack, channel: string, watched: Watched): Promise<TestSocket[]> {
  const one = async () => {
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's', channels: [channel] })
    await socket.next(({ type }) => type === 'subscribed', 60_000)
    socket.socket.on('message', (data) => note(String(data), watched))
    return socket
  }
  return Promise.all(Array.from({ length: SUBSCRIBERS_PER_CHANNEL }, one))
}

function note(text: string, watched: Watched): void {
  const now = performance.now()
  const frame = JSON.parse(text) as { type: string; events?: Positioned[] }
  if (frame.type !== 'events') return
  watched.frames++
  for (const { event } of frame.events ?? [])
    watched.latencies.push(now - (watched.sentAt.get(event.id) ?? now))
}

/** Posts at a steady rate, whether or not earlier posts are done, and waits until all were delivered. */
async function post(stack: TestStack, channels: string[], seconds: number, watched: Watched): Promise<void> {
  const begin = performance.now()
  const before = watched.latencies.length
  const posts: Promise<unknown>[] = []
  for (let n = 0; n < seconds * RATE; n++) {
    await sleep(Math.max(0, begin + (n * 1000) / RATE - performance.now()))
    const id = `${begin}-${n}`
    watched.sentAt.set(id, performance.now())
    const category = channels[n % channels.length] ?? ''
    posts.push(publish(stack.httpUrl, { id, type: 'bench.event', category, data: { n } }))
  }
  await Promise.all(posts)
  const due = before + seconds * RATE * SUBSCRIBERS_PER_CHANNEL
  for (const late = performance.now() + DRAIN_MS; watched.latencies.length < due; await sleep(20))
    if (performance.now() > late)
      throw new Error(`${due - watched.latencies.length} deliveries did not arrive`)
}
