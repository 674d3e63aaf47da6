import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'

const CONNECT_MS = 1000
/**
 * A sandbox that was frozen finds that the network has dropped its idle sockets without notice. By the time of day:
 * while a machine sleeps, other clocks may stand still. Where it was set back, nothing is known of how long they were idle.
 */
const LONGEST_IDLE_MS = 10_000

/**
 * A socket that was idle for this long may be dead, and then it hangs for as long as one is patient. So there is less
 * patience with it, and the caller's next try has another socket. One that was in use just now is only slow.
 */
const SUSPECT_IDLE_MS = 1000
const SUSPECT_PATIENCE_MS = 1500

export type HttpExchange = {
  readonly method: string
  readonly path: string
  /** `host` and `content-length` are among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** The maximum duration of the whole exchange, in milliseconds. */
  readonly timeoutMs: number
}

export type HttpReply = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Options = { readonly sockets?: number; readonly now?: () => number }

/**
 * Returns a function that sends requests to one endpoint over sockets that are kept alive, at most `sockets` at a time.
 * It throws when no socket opens within a second, when the exchange takes longer than its timeout (1.5 s on a socket that
 * was idle), or when the connection breaks. It does not retry.
 *
 * It is what the clients of AWS send with: one timer for each request, and no stream, promise or abort signal beyond
 * what node:http makes.
 */
export function keepAliveRequester(
  endpoint: URL,
  { sockets = 256, now = Date.now }: Options = {},
): (exchange: HttpExchange) => Promise<HttpReply> {
  const { Agent, request: send } = openModule(endpoint)
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  const idleSince = new WeakMap<Socket, number>()
  const target = { agent, hostname: endpoint.hostname.replace(/^\[|\]$/g, ''), port: endpoint.port }
  let used = now()
  const dropIdle = () => {
    for (const idle of Object.values(agent.freeSockets)) for (const socket of idle ?? []) socket.destroy()
  }
  const dropOld = () => {
    const time = now()
    if (Math.abs(time - used) > LONGEST_IDLE_MS) dropIdle()
    used = time
  }
  return ({ method, path, headers, body, timeoutMs }) =>
    new Promise((resolve, reject) => {
      dropOld()
      const request = send({ ...target, method, path, headers })
      const giveUpAfter = (ms: number) =>
        setTimeout(() => {
          dropIdle() // what killed this socket without notice may have killed the others too
          request.destroy(timeoutError(ms))
        }, ms)
      let timer = giveUpAfter(timeoutMs)
      const fail = (error: Error) => {
        clearTimeout(timer)
        reject(error)
      }
      request.on('error', fail)
      request.on('socket', (socket) => {
        const since = idleSince.get(socket)
        const isSuspect = since !== undefined && Math.abs(now() - since) > SUSPECT_IDLE_MS
        if (isSuspect && timeoutMs > SUSPECT_PATIENCE_MS) {
          clearTimeout(timer)
          timer = giveUpAfter(SUSPECT_PATIENCE_MS)
        }
        if (!socket.connecting) return
        const connecting = setTimeout(() => request.destroy(timeoutError(CONNECT_MS)), CONNECT_MS)
        socket.once('connect', () => clearTimeout(connecting)).once('close', () => clearTimeout(connecting))
      })
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () => {
          clearTimeout(timer)
          idleSince.set(request.socket ?? response.socket, now())
          const { statusCode: status = 0, headers: received } = response
          resolve({
            status,
            headers: received,
            body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks),
          })
        })
      })
      request.end(body)
    })
}

/** An import of node:http evaluates all it exports, undici among it, and would be a third of a function's start. */
function openModule({ protocol }: URL) {
  return protocol === 'https:'
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http')
}

function timeoutError(timeoutMs: number): Error {
  return Object.assign(new Error(`no response within ${timeoutMs} ms`), { name: 'TimeoutError' })
}
