import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { SubscribeMessage } from '#shared/core/messages.ts'

export type FakeSockets = {
  readonly url: string
  readonly socketUrl: string
  /** Every subscribe message, in order. */
  readonly asked: readonly SubscribeMessage[]
  /** Appends to the log and pushes to everyone. */
  readonly push: (events: readonly PositionedEvent[]) => void
  readonly stop: () => Promise<void>
}
export type FakeSocketOptions = {
  readonly port?: number
  /** The log that was there before. */
  readonly log?: readonly PositionedEvent[]
  /** Answers `GET /events/since` with this status instead of 200. */
  readonly status?: number
  /** Answers a subscribe with this frame instead of subscribing. */
  readonly refuse?: { readonly code: string; readonly detail: string }
  readonly notRecovered?: 'trimmed'
}

/** Starts HTTP and WebSockets on one loopback port: one topic, one partition, replay from the cursor asked for. */
export async function startFakeSockets(options: FakeSocketOptions = {}): Promise<FakeSockets> {
  const log = [...(options.log ?? [])]
  const asked: SubscribeMessage[] = []
  const server = createServer((_, response) => answerPage(response, options.status ?? 200, log))
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.action !== 'subscribe') return
      asked.push(message)
      for (const frame of answerSubscribe(message, options, log)) socket.send(JSON.stringify(frame))
    }),
  )
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    socketUrl: `ws://127.0.0.1:${port}`,
    asked,
    push: (events) => {
      log.push(...events)
      for (const socket of sockets.clients)
        socket.send(JSON.stringify({ type: 'events', ids: ['s1'], events }))
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
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
