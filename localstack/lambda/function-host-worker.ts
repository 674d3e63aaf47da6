import { enableCompileCache, flushCompileCache } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import { functionMetrics } from '../../infra/metric-list.ts'
import { startMskTrigger } from '../msk-trigger/start-msk-trigger.ts'
import type { Service } from '../service.ts'
import { runAsWorker } from '../start-worker.ts'
import { metricsRegistry } from '../telemetry/metrics-registry.ts'
import { outputReader } from '../telemetry/read-output.ts'
import { createFunctionHost, THROTTLED } from './function-host.ts'
import { decodeEvent, encodeInvocation, type HostReply, type HostRequest } from './host-protocol.ts'
import type { FunctionDefinition } from './read-functions.ts'

export type HostData = {
  readonly functions: readonly FunctionDefinition[]
  readonly folder: string
  /** The requests of the gateway's thread. */
  readonly port: MessagePort
  readonly trigger: { readonly service: Service; readonly brokers: string[] }
}

// The worker thread that `startFunctionHost` starts. The trigger invokes its functions here, without a hop.
await runAsWorker(async ({ functions, folder, port, trigger }: HostData, log) => {
  // In the cloud such an error ends one sandbox; here it must not end all functions.
  for (const name of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(name, (error) => log(`a function left an error behind: ${error?.stack ?? error}`))
  if (process.env.NODE_COMPILE_CACHE) enableCompileCache(process.env.NODE_COMPILE_CACHE)
  const metrics = metricsRegistry(functionMetrics())
  const takers = { metrics: metrics.take, log }
  for (const [output, read] of [
    [process.stdout, outputReader(takers)],
    [process.stderr, outputReader(takers)],
  ] as const)
    output.write = (chunk: string | Uint8Array) => {
      read(chunk)
      return true
    }
  const { invoke, setStopped } = await createFunctionHost({ functions, folder, env: process.env, log })
  flushCompileCache()
  const reply = (message: HostReply): void => port.postMessage(message)
  let triggering: ReturnType<typeof startMskTrigger> | null = null

  port.on('message', async (request: HostRequest) => {
    if ('stop' in request) return setStopped(request.stop, request.isStopped)
    if ('control' in request) {
      if (request.control === 'start trigger')
        triggering = startMskTrigger({
          ...trigger,
          log,
          unpassable: 'pass',
          invoke: async ({ functionName }, event) => {
            const invocation = await invoke(functionName, event)
            // The pollers try a function that is throttled until it is not, and count no failure.
            if ('functionError' in invocation && invocation.functionError.errorType === THROTTLED)
              throw new Error(`${functionName} is throttled`)
            return invocation
          },
        })
      else if (request.control === 'stop trigger') await triggering?.stop()
      else return reply({ done: request.control, text: await metrics.text() })
      return reply({ done: request.control })
    }
    const { id, name, event, body } = request
    const invocation = await invoke(name, decodeEvent(event, body))
    reply({ id, ...encodeInvocation(invocation, body !== undefined) })
  })
  return { endpoint: 'functions', stop: async () => port.close() }
})
