import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDynamodbWorker } from '../../localstack/dynamodb/start-dynamodb-worker.ts'
import { freePorts } from '../../tests/support/free-ports.ts'
import { startStack } from '../../tests/support/start-stack.ts'
import { type LoadProcess, startLoad } from '../load/start-load.ts'
import { startKafka } from '../systems/start-kafka.ts'
import type { System } from '../systems/system.ts'
import { asSystem } from '../systems/tidewire.ts'
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts'

export type CountedStack = {
  readonly system: System
  readonly load: LoadProcess
  /** The requests to DynamoDB, and the posts to connections. */
  readonly tables: CountingProxy
  readonly gateway: CountingProxy
  stop(): Promise<void>
}

/** Starts a stack whose functions reach DynamoDB and the gateway through proxies that note each request. */
export async function startCountedStack(folder: string, isApache: boolean): Promise<CountedStack> {
  const stops: (() => Promise<void>)[] = []
  const started = async <T extends { stop(): Promise<void> }>(starting: Promise<T>) => {
    const part = await starting
    stops.push(() => part.stop())
    return part
  }
  async function stop() {
    for (const each of stops.reverse()) await each()
  }
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
    stops.push(() => rm(dataDir, { recursive: true, force: true }))
    const [port = 0, wsPort = 0] = await freePorts(2)
    const kafka = await started(startKafka({ isApache }))
    const dynamodb = await started(startDynamodbWorker({ port, dataDir }))
    const tables = await started(startCountingProxy(() => dynamodb.endpoint))
    const gateway = await started(startCountingProxy(() => `http://127.0.0.1:${wsPort}`))
    const env = {
      KAFKA_BROKERS: kafka.endpoint,
      DYNAMODB_ENDPOINT: tables.endpoint,
      GATEWAY_ENDPOINT: gateway.endpoint,
      WS_PORT: String(wsPort),
    }
    const stack = await startStack({ cwd: folder, env })
    const socketUrl = `ws://127.0.0.1:${wsPort}`
    const system = { ...(await started(Promise.resolve(asSystem(stack)))), socketUrl }
    const load = startLoad(system)
    stops.push(() => load.stop())
    return { system, load, tables, gateway, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
