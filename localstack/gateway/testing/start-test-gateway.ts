import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Invocation, THROTTLED } from '../../lambda/function-host.ts'
import { decodeEvent, encodeInvocation } from '../../lambda/host-protocol.ts'
import { readFunctions } from '../../lambda/read-functions.ts'
import type { FunctionHost } from '../../lambda/start-function-host.ts'
import { listenOnLoopback } from '../../listen-on-loopback.ts'
import type { Service } from '../../service.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads any members that its event has
type Handler = (event: any) => unknown
export type TestFunctions = Readonly<
  Record<string, { readonly events?: readonly object[]; readonly timeout?: number; readonly run: Handler }>
>

/** A service with these functions, and a host that runs them on this thread: everything still goes through JSON. */
export function createTestService(functions: TestFunctions, provider: Service['provider'] = {}) {
  const service: Service = {
    service: 'test',
    provider: { stage: 'local', timeout: 5, ...provider },
    functions: Object.fromEntries(
      Object.entries(functions).map(([key, { run: _, ...definition }]) => [
        key,
        { handler: 'none.handler', ...definition } as NonNullable<Service['functions']>[string],
      ]),
    ),
  }
  const stopped = new Set<string>()
  const run = async (name: string, event: unknown): Promise<Invocation> => {
    if (stopped.has(name)) return { functionError: { errorType: THROTTLED, errorMessage: '', trace: [] } }
    try {
      return { payload: await functions[name.replace('test-local-', '')]?.run(event) }
    } catch (error) {
      return { functionError: { errorType: 'Error', errorMessage: String(error), trace: [] } }
    }
  }
  const host: Pick<FunctionHost, 'invoke' | 'invokeProxy' | 'setStopped'> = {
    invoke: async (name, event) => encodeInvocation(await run(name, decodeEvent(event, undefined)), false),
    invokeProxy: async (name, event, body) =>
      encodeInvocation(await run(name, decodeEvent(event, body)), true),
    setStopped: (name, isStopped) => void (isStopped ? stopped.add(name) : stopped.delete(name)),
  }
  return { service, host, functions: readFunctions(service, {}, () => {}) }
}

/** Listens on a free port. */
export async function listen(server: Server): Promise<{ port: number; url: string; stop(): Promise<void> }> {
  await listenOnLoopback(server, 0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}
