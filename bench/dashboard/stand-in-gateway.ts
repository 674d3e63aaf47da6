import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { ClientMessage, SubscribeMessage } from '#shared/core/messages.ts'
import { startWeb } from '../../localstack/web/start-web.ts'
import { freePorts } from '../../tests/support/free-ports.ts'

/** A gateway that speaks the protocol of docs/asyncapi.json and stores nothing, with the real app in front of it. */
export type StandIn = {
  readonly webUrl: string
  /** Sends events to all subscriptions of their channels, in one frame. */
  readonly publish: (events: readonly PositionedEvent[]) => void
  readonly stop: () => Promise<void>
}

type Log = { readonly history: readonly PositionedEvent[]; readonly cursor: () => string }
type Subscriptions = Map<string, SubscribeMessage>

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': '*',
}

/** Starts the gateway on free ports of loopback. `history` is what `GET /events` returns, newest first. */
export async function startStandIn(log: Log): Promise<StandIn> {
  const [apiPort = 0, webPort = 0] = await freePorts(2)
  const httpUrl = `http://127.0.0.1:${apiPort}`
  const socketUrl = `ws://127.0.0.1:${apiPort}`
  const sockets = new Map<WebSocket, Subscriptions>()
  const server = createServer((request, response) => answer(request, response, log))
  new WebSocketServer({ server }).on('connection', (socket) => {
    const subscriptions: Subscriptions = new Map()
    sockets.set(socket, subscriptions)
    socket.on('close', () => sockets.delete(socket))
    socket.on('message', (data) => {
      const reply = react(JSON.parse(String(data)) as ClientMessage, subscriptions, log)
      socket.send(JSON.stringify(reply))
    })
  })
  await new Promise<void>((resolve) => server.listen(apiPort, '127.0.0.1', resolve))
  const web = await startWeb({
    port: webPort,
    config: { httpUrl, socketUrl, apiKey: 'stand-in' },
    origins: [httpUrl, socketUrl],
  })
  return {
    webUrl: web.endpoint,
    publish: (events) => {
      for (const [socket, subscriptions] of sockets) push(socket, subscriptions, events)
    },
    stop: async () => {
      for (const socket of sockets.keys()) socket.terminate()
      server.close()
      server.closeAllConnections()
      await web.stop()
    },
  }
}

function react(message: ClientMessage, subscriptions: Subscriptions, { cursor }: Log): object {
  if (message.action === 'subscribe') {
    const { id, attempt = 1 } = message
    subscriptions.set(id, message)
    return { type: 'subscribed', id, attempt, cursor: cursor(), recovered: true }
  }
  if (message.action === 'unsubscribe') {
    subscriptions.delete(message.id)
    return { type: 'unsubscribed', id: message.id }
  }
  return { type: 'pong', time: new Date().toISOString(), behind: false }
}

/** One frame for each group of subscriptions that get the same events, as the real gateway sends. */
function push(socket: WebSocket, subscriptions: Subscriptions, events: readonly PositionedEvent[]): void {
  const groups = new Map<string, { ids: string[]; events: readonly PositionedEvent[] }>()
  for (const { id, channels } of subscriptions.values()) {
    const wanted = events.filter(({ event }) =>
      channels.some((pattern) => matchesChannel(pattern, event.category ?? '')),
    )
    if (wanted.length === 0) continue
    const key = wanted.map(({ event }) => event.id).join()
    const group = groups.get(key) ?? { ids: [], events: wanted }
    group.ids.push(id)
    groups.set(key, group)
  }
  for (const group of groups.values()) socket.send(JSON.stringify({ type: 'events', ...group }))
}

function answer({ method, url = '/' }: IncomingMessage, response: ServerResponse, log: Log): void {
  const { pathname } = new URL(url, 'http://stand-in')
  if (method === 'OPTIONS') return void response.writeHead(204, CORS).end()
  const body = bodyOf(pathname, log)
  response.writeHead(body ? 200 : 404, { ...CORS, 'content-type': 'application/json' })
  response.end(JSON.stringify(body ?? { type: 'about:blank', title: 'There is no such thing', status: 404 }))
}

function bodyOf(pathname: string, { history, cursor }: Log): object | null {
  if (pathname === '/tickets')
    return { ticket: 'stand-in', expires: new Date(Date.now() + 30_000).toISOString() }
  if (pathname === '/events') return { events: history, next: null }
  if (pathname === '/events/since') return { events: [], cursor: cursor(), recovered: true }
  if (pathname.startsWith('/views/')) return { parts: [], cursor: cursor(), next: null }
  const found = history.find(({ event }) => pathname === `/events/${encodeURIComponent(event.id)}`)
  return found ?? null
}
