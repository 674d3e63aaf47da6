import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { PositionedEvent } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import type { SubscribeMessage } from '#shared/core/messages.ts'

type SentEvent = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
type FakeRequest = {
  readonly events: readonly SentEvent[]
  readonly bytes: number
  readonly headers: IncomingMessage['headers']
}
/** A response other than 202; `drop` breaks the connection without one. */
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

/** Starts an HTTP server on loopback that accepts batches of events as `POST /events` does. */
export async function startFakeStack({
  decide,
  partitions = 1,
  port = 0,
}: FakeOptions = {}): Promise<FakeStack> {
  const requests: FakeRequest[] = []
  const log = createLog(partitions)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const taken = {
      events: parseExactJson(body || '[]') as FakeRequest['events'],
      bytes: body.length,
      headers: request.headers,
    }
    requests.push(taken)
    const answer = (await decide?.(taken, requests.length - 1)) ?? null
    if (answer === 'drop') request.socket.destroy()
    else if (answer !== null) reply(response, answer.status, answer.body ?? {}, answer.headers)
    else reply(response, 202, { accepted: taken.events.length, events: taken.events.map(log.place) })
  }

  const server = createServer((request, response) => void handle(request, response))
  const address = await listen(server, port)
  return {
    url: `http://${address}`,
    requests,
    accepted: log.accepted,
    stop: () => close(server),
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

export type FakeSockets = {
  readonly url: string
  readonly socketUrl: string
  /** Every subscribe message, in order. */
  readonly asked: readonly SubscribeMessage[]
  /** Appends to the log and pushes to all sockets. */
  readonly push: (events: readonly PositionedEvent[]) => void
  readonly stop: () => Promise<void>
}
export type FakeSocketOptions = {
  readonly port?: number
  /** The log that was there before. */
  readonly log?: readonly PositionedEvent[]
  /** The status of `GET /events/since` instead of 200. */
  readonly status?: number
  /** The frame that refuses a subscription. */
  readonly refuse?: { readonly code: string; readonly detail: string }
  readonly notRecovered?: 'trimmed'
}

/** Starts HTTP and WebSockets on one loopback port, with one topic of one partition that is replayed from a cursor. */
export async function startFakeSockets(options: FakeSocketOptions = {}): Promise<FakeSockets> {
  const log = [...(options.log ?? [])]
  const asked: SubscribeMessage[] = []
  const server = createServer((request, response) => {
    if (request.url === '/tickets') reply(response, 201, { ticket: 'one', expires: '' })
    else if (request.url === '/health')
      reply(response, 200, { status: 'ok', socketUrl: `ws://${request.headers.host}` })
    else answerPage(response, options.status ?? 200, log)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.action !== 'subscribe') return
      asked.push(message)
      for (const frame of answerSubscribe(message, options, log)) socket.send(JSON.stringify(frame))
    }),
  )
  const address = await listen(server, options.port ?? 0)
  return {
    url: `http://${address}`,
    socketUrl: `ws://${address}`,
    asked,
    push: (events) => {
      log.push(...events)
      for (const socket of sockets.clients)
        socket.send(JSON.stringify({ type: 'events', ids: ['s1'], events }))
    },
    stop: () => {
      for (const socket of sockets.clients) socket.terminate()
      return close(server)
    },
  }
}

function answerPage(response: ServerResponse, status: number, log: readonly PositionedEvent[]): void {
  const page = { events: [], cursor: cursorOf(log), recovered: true }
  const body = status === 200 ? page : { status, detail: 'not yours' }
  const type = status === 200 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

function answerSubscribe(
  { id, attempt = 1, since = 'latest' }: SubscribeMessage,
  { refuse, notRecovered }: FakeSocketOptions,
  log: readonly PositionedEvent[],
): readonly object[] {
  if (refuse) return [{ type: 'error', id, ...refuse }]
  const [, seen = since === 'latest' ? log.length : -1] = /0=(\d+)/.exec(since) ?? []
  const missed = log.filter(({ offset }) => offset > Number(seen))
  const outcome = notRecovered ? { recovered: false, reason: notRecovered } : { recovered: true }
  const replay = { type: 'events', ids: [id], attempt, replay: true, events: missed }
  const subscribed = { type: 'subscribed', id, attempt, cursor: cursorOf(log), ...outcome }
  return missed.length > 0 ? [replay, subscribed] : [subscribed]
}

function cursorOf(log: readonly PositionedEvent[]): string {
  return `t@e1:${log.length === 0 ? '' : `0=${log.length - 1}`}`
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
