import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type SentEvent = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
type FakeRequest = {
  readonly events: readonly SentEvent[]
  readonly bytes: number
  readonly headers: IncomingMessage['headers']
}
/** An answer other than 202; `drop` breaks the connection without one. */
type FakeAnswer =
  | 'drop'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }

export type FakeStack = {
  readonly url: string
  /** Every `POST /events`, the refused ones too. */
  readonly requests: readonly FakeRequest[]
  /** What was accepted, in order, without repeats of a source and id. */
  readonly accepted: readonly SentEvent[]
  readonly stop: () => Promise<void>
}
export type FakeOptions = {
  /** Decides about a request by its number from 0; null accepts it. */
  readonly decide?: (request: FakeRequest, index: number) => FakeAnswer | null | Promise<FakeAnswer | null>
  readonly partitions?: number
  readonly port?: number
}

/** Starts an HTTP server on loopback that takes batches as the contract says. */
export async function startFakeStack({
  decide,
  partitions = 1,
  port = 0,
}: FakeOptions = {}): Promise<FakeStack> {
  const requests: FakeRequest[] = []
  const log = createLog(partitions)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const taken = { events: JSON.parse(body || '[]'), bytes: body.length, headers: request.headers }
    requests.push(taken)
    const answer = (await decide?.(taken, requests.length - 1)) ?? null
    if (answer === 'drop') request.socket.destroy()
    else if (answer !== null) reply(response, answer.status, answer.body ?? {}, answer.headers)
    else reply(response, 202, { accepted: taken.events.length, events: taken.events.map(log.place) })
  }

  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    accepted: log.accepted,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function createLog(partitions: number) {
  const accepted: SentEvent[] = []
  const offsets = new Map<string, number>()
  const place = (event: SentEvent) => {
    const { id, source, category = 'events', partitionkey = '' } = event
    const key = `${source} ${id}`
    const offset = offsets.get(key) ?? accepted.push(event) - 1
    offsets.set(key, offset)
    const partition = String(partitionkey).length % partitions
    return { id, source, topic: String(category).replaceAll('.', '-'), partition, offset }
  }
  return { accepted, place }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function reply(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const type = status < 300 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body))
}
