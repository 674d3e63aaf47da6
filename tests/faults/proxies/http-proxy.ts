import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** A request that is being forwarded. */
export type Passing = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/**
 * What happens to a request. It waits for `delayMs`, is forwarded unless it is `lost`, and gets the response of the
 * server, another response, a cut connection, or nothing.
 */
export type Fate = {
  readonly delayMs?: number
  readonly lost?: boolean
  readonly answer?:
    | { readonly status: number; readonly body: string; readonly type?: string }
    | 'cut'
    | 'never'
}

export type HttpProxy = { readonly endpoint: string; stop(): Promise<void> }

type Answer = { status: number; headers: IncomingMessage['headers']; body: Buffer }

/** Forwards HTTP requests on a free port of loopback to `target()`, each with the fate that `judge` decides. */
export async function startHttpProxy(
  target: () => string,
  judge: (passing: Passing) => Fate | null,
): Promise<HttpProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  })
  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming
    const passing = { method, path, headers, body: await buffer(incoming) }
    const fate = judge(passing) ?? {}
    if (fate.delayMs !== undefined) await sleep(fate.delayMs)
    const answer = fate.lost ? null : await forward(target(), passing, agent)
    if (fate.answer === 'never') return
    if (fate.answer === 'cut') outgoing.destroy()
    else if (fate.answer) {
      const { status, body, type = 'application/json' } = fate.answer
      outgoing.writeHead(status, { 'content-type': type }).end(body)
    } else if (answer) outgoing.writeHead(answer.status, answer.headers).end(answer.body)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async stop() {
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Forwards a request as a whole, and returns the whole response. */
export function forward(endpoint: string, { method, path, headers, body }: Passing, agent: Agent) {
  return new Promise<Answer>((resolve, reject) => {
    const outgoing = request(new URL(path, endpoint), { method, headers, agent }, (incoming) => {
      const { statusCode: status = 502 } = incoming
      buffer(incoming).then((bytes) => resolve({ status, headers: incoming.headers, body: bytes }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
