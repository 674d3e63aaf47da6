import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { forward, type Passing } from '../../tests/faults/proxies/http-proxy.ts'

/** A request that a function made, with its times in milliseconds of `performance.now()`. */
export type Seam = {
  readonly begin: number
  readonly end: number
  /** `Query`, or `POST` to the gateway. */
  readonly operation: string
  /** Its tables, each with the units that it consumed; null where the server does not tell them. */
  readonly tables: Readonly<Record<string, number | null>>
}

export type CountingProxy = {
  readonly endpoint: string
  /** Returns the requests since the last call. */
  take(): Seam[]
  stop(): Promise<void>
}

type Capacity = { readonly TableName: string; readonly CapacityUnits: number }
type Request = { TableName?: string; RequestItems?: Record<string, unknown> }

/**
 * A proxy in front of DynamoDB or of the gateway's management API that notes each request. It asks DynamoDB for the units
 * that a request consumes (`ReturnConsumedCapacity`), which the functions themselves do not.
 */
export async function startCountingProxy(target: () => string): Promise<CountingProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  let seams: Seam[] = []

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const begin = performance.now()
    const { method = 'GET', url: path = '/', headers } = incoming
    const operation = String(headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1)
    const passing = { method, path, headers, body: await buffer(incoming) }
    const {
      status,
      headers: answered,
      body,
    } = await forward(target(), operation ? asking(passing) : passing, agent)
    outgoing.writeHead(status, answered).end(body)
    const tables = operation ? tablesOf(passing.body, body) : {}
    seams.push({ begin, end: performance.now(), operation: operation || method, tables })
  }
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    take() {
      const taken = seams
      seams = []
      return taken
    },
    async stop() {
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function asking({ body, headers, ...rest }: Passing): Passing {
  const request = JSON.parse(body.toString()) as Request
  if (request.TableName === undefined && request.RequestItems === undefined) return { body, headers, ...rest }
  const asked = Buffer.from(JSON.stringify({ ...request, ReturnConsumedCapacity: 'TOTAL' }))
  return { ...rest, body: asked, headers: { ...headers, 'content-length': String(asked.length) } }
}

function tablesOf(request: Buffer, response: Buffer): Record<string, number | null> {
  const { TableName, RequestItems = {} } = JSON.parse(request.toString()) as Request
  const names = TableName === undefined ? Object.keys(RequestItems) : [TableName]
  const { ConsumedCapacity = [] } = JSON.parse(response.toString()) as {
    ConsumedCapacity?: Capacity | Capacity[]
  }
  const units = new Map([ConsumedCapacity].flat().map((each) => [each.TableName, each.CapacityUnits]))
  return Object.fromEntries(names.map((name) => [name, units.get(name) ?? null]))
}
