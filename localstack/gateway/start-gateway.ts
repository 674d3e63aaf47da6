import type { Server } from 'node:http'
import type { AccessCheck } from '../access/access-check.ts'
import type { FunctionDefinition } from '../lambda/read-functions.ts'
import type { FunctionHost } from '../lambda/start-function-host.ts'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import type { Service } from '../service.ts'
import { type TelemetrySources, telemetryRoutes } from '../telemetry/telemetry-routes.ts'
import { NO_PAGES, type Trust } from '../trusted-requests.ts'
import { fairTurns } from './fair-turns.ts'
import { createHttpApi } from './http-api.ts'
import { createIntegrations } from './integrations.ts'
import { createInvokeApi } from './invoke-api.ts'
import { createSocketApi } from './socket-api.ts'

type Options = {
  readonly service: Service
  /** The functions of the service, by key. */
  readonly functions: ReadonlyMap<string, FunctionDefinition>
  readonly host: Pick<FunctionHost, 'invoke' | 'invokeProxy' | 'setStopped'>
  readonly ports: { readonly http: number; readonly socket: number; readonly lambda: number }
  /** Seconds until a connection is closed: without a message, and in total. */
  readonly idleSeconds: number
  readonly connectionSeconds: number
  readonly trust: Trust
  /** Judges what functions ask of the management API and of the Invoke API. */
  readonly check: AccessCheck
  /** What is answered beside the API. */
  readonly telemetry: TelemetrySources
}

/** API Gateway's limits of an integration, in milliseconds. */
const HTTP_LIMIT_MS = 30_000
const SOCKET_LIMIT_MS = 29_000

/**
 * Starts API Gateway and Lambda's Invoke API on loopback: the HTTP API, the WebSocket API with the management API of its
 * connections, and the functions by name. Rejects if a port is in use.
 */
export async function startGateway(options: Options): Promise<{ stop(): Promise<void> }> {
  const { service, functions, host, ports, trust, check } = options
  const limits = { idleMs: options.idleSeconds * 1000, lifeMs: options.connectionSeconds * 1000 }
  const turns = fairTurns()
  const sockets = createSocketApi(service, createIntegrations(host, functions, SOCKET_LIMIT_MS), {
    limits,
    trust,
    check,
    turns,
  })
  const respondLocally = telemetryRoutes(options.telemetry, sockets.size)
  const http = createHttpApi(service, createIntegrations(host, functions, HTTP_LIMIT_MS), trust, {
    turns,
    respondLocally,
  })
  const names = new Set([...functions.values()].map(({ name }) => name))
  const lambda = createInvokeApi(host, names, { ...trust, origins: NO_PAGES.origins }, check)
  await listenOnLoopback(http, ports.http)
  await listenOnLoopback(sockets.server, ports.socket)
  await listenOnLoopback(lambda, ports.lambda)
  return {
    async stop() {
      await close(http)
      await sockets.closeSockets()
      await close(sockets.server)
      await close(lambda)
    },
  }
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
