import { MessageChannel } from 'node:worker_threads'
import { type Running, startWorker } from '../start-worker.ts'
import type { HostData } from './function-host-worker.ts'
import type { HostReply, HostRequest } from './host-protocol.ts'

type Reply = Extract<HostReply, { id: number }>

/** The response of an invocation: the payload in JSON, or the error of the function, which is JSON as well. */
export type FunctionResponse = Pick<Reply, 'isError' | 'payload'>
/** The response to an event of API Gateway: a text in `body` is beside the JSON of the payload. */
export type ProxyResponse = FunctionResponse & Pick<Reply, 'body'>

export type FunctionHost = Pick<Running, 'stop'> & {
  /** Invokes a function by its name in the account with an event in JSON. */
  invoke(name: string, event: string): Promise<FunctionResponse>
  /** The same with an event of API Gateway: `event` is its JSON without its `body`. */
  invokeProxy(name: string, event: string, body: string | null): Promise<ProxyResponse>
  /** Stops a function, so that every invocation is throttled, or starts it again. */
  setStopped(name: string, isStopped: boolean): void
  /** Starts the MSK trigger beside the functions. `stop` waits for its running invocations. */
  startTrigger(): Promise<Pick<Running, 'stop'>>
  /** Returns the metrics of the functions, as Prometheus reads them. */
  readMetrics(): Promise<string>
  /** How many invocations through the gateway have not ended. */
  queue(): number
}

type Options = Omit<HostData, 'port'> & {
  log(line: string): void
  /** Called with the reason if the thread ends although nobody stopped it. */
  onDeath?: (reason: string) => void
}

/**
 * Starts the functions on a thread of their own, so that a busy function delays neither the gateway nor its sockets.
 * Rejects with an error that lists every function that cannot be loaded.
 */
export async function startFunctionHost({ log, onDeath, ...options }: Options): Promise<FunctionHost> {
  const { port1: port, port2: remote } = new MessageChannel()
  const data: HostData = { ...options, port: remote }
  const file = new URL('./function-host-worker.ts', import.meta.url)
  const worker = await startWorker(file, { data, transferList: [remote], log, ...(onDeath && { onDeath }) })
  const waiting = new Map<number, (reply: Reply) => void>()
  const controls = new Map<string, (text: string) => void>()
  let reading: Promise<string> | null = null
  let last = 0

  port.on('message', (reply: HostReply) => {
    if ('done' in reply) return controls.get(reply.done)?.(reply.text ?? '')
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  const post = (request: HostRequest): void => port.postMessage(request)
  const invoke = (name: string, event: string, body: string | null | undefined) =>
    new Promise<Reply>((resolve) => {
      last += 1
      waiting.set(last, resolve)
      post({ id: last, name, event, body })
    })
  const control = (name: Extract<HostRequest, { control: string }>['control']) =>
    new Promise<string>((resolve) => {
      controls.set(name, resolve)
      post({ control: name })
    })

  return {
    invoke: (name, event) => invoke(name, event, undefined),
    invokeProxy: invoke,
    setStopped: (stop, isStopped) => post({ stop, isStopped }),
    async startTrigger() {
      await control('start trigger')
      return {
        async stop() {
          await control('stop trigger')
        },
      }
    },
    readMetrics() {
      reading ??= control('read metrics').finally(() => {
        reading = null
      })
      return reading
    },
    queue: () => waiting.size,
    async stop() {
      await worker.stop()
      port.close()
    },
  }
}
