import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from '#shared/testing/random.ts'
import { startDynamodbWorker } from '../../localstack/dynamodb/start-dynamodb-worker.ts'
import { freePorts } from '../support/free-ports.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'
import { type DynamodbProxy, startDynamodbProxy } from './proxies/dynamodb-proxy.ts'
import { type GatewayProxy, startGatewayProxy } from './proxies/gateway-proxy.ts'
import { startTcpProxy, type TcpProxy } from './proxies/tcp-proxy.ts'

/** A stack with a proxy at each of its seams. */
export type Rig = {
  readonly stack: TestStack
  readonly sockets: TcpProxy
  readonly gateway: GatewayProxy
  readonly dynamodb: DynamodbProxy
  dispose(): Promise<void>
}

/** Starts DynamoDB, the proxies and the stack on free ports, with a data folder of their own. */
export async function startRig(random: Random, clients: number): Promise<Rig> {
  const [port = 0] = await freePorts(1)
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-faults-'))
  const tables = await startDynamodbWorker({ port, dataDir })
  const dynamodb = await startDynamodbProxy(() => tables.endpoint, random)
  let socketPort = 0
  const gateway = await startGatewayProxy(() => `http://127.0.0.1:${socketPort}`, random)
  const sockets = await startTcpProxy(() => socketPort, clients)
  const env = { DYNAMODB_ENDPOINT: dynamodb.endpoint, GATEWAY_ENDPOINT: gateway.endpoint }
  const stack = await startStack({ env })
  socketPort = stack.ports.WS_PORT ?? 0
  return {
    stack,
    sockets,
    gateway,
    dynamodb,
    async dispose() {
      await stack.dispose()
      for (const part of [sockets, gateway, dynamodb, tables]) await part.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
