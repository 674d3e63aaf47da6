import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { apiGateway } from '#shared/adapters/gateway/api-gateway.ts'
import { threadCpuMicros } from '../measure/measure.ts'

/** One invocation that posts to so many connections over a gateway with a rate. */
export type Measured = {
  readonly connections: number
  readonly rate: number
  readonly burst: number
  /** How long the gateway takes for a post, in milliseconds. */
  readonly delayMs: number
  readonly postsAtOnce: number
}

const FRAME = JSON.stringify({ type: 'events', ids: ['s1'], events: [{ data: { text: 'x'.repeat(600) } }] })
const AWS = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'x'.repeat(600),
}
const DEADLINE_MS = 55_000

/**
 * Posts a frame to each connection with the adapter of the gateway, over HTTP to a server on a thread of its own. Returns
 * the frames per second that were taken, and the CPU of a post in milliseconds.
 */
export async function measureFanOut({ connections, postsAtOnce, ...gateway }: Measured) {
  const worker = new Worker(new URL('./throttled-gateway-process.ts', import.meta.url), {
    workerData: gateway,
  })
  process.env.AWS_REGION ??= 'eu-central-1'
  try {
    const [port] = (await once(worker, 'message')) as [number]
    const endpoint = `http://127.0.0.1:${port}/stage`
    const { post } = apiGateway({ endpoint, isLocal: false, aws: AWS })
    const postAll = async (name: string, count: number) => {
      let index = 0
      let sent = 0
      const deadline = performance.now() + DEADLINE_MS
      const lane = async () => {
        while (index < count) if ((await post(`${name}${index++}`, FRAME, deadline)) === 'sent') sent++
      }
      await Promise.all(Array.from({ length: postsAtOnce }, lane))
      return sent
    }
    await postAll('warm', Math.min(gateway.burst / 2, 200))
    const [begin, cpu] = [performance.now(), threadCpuMicros()]
    const sent = await postAll('c', connections)
    const seconds = (performance.now() - begin) / 1000
    return {
      framesPerSecond: sent / seconds,
      seconds,
      sentShare: sent / connections,
      postCpuMs: (threadCpuMicros() - cpu) / 1000 / connections,
    }
  } finally {
    await worker.terminate()
  }
}
