import { randomBytes } from 'node:crypto'
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type AccessCheck, ALLOW_ALL } from '../access/access-check.ts'
import type { Service } from '../service.ts'
import { createTrustingServer, NO_PAGES, requestProblem, type Trust } from '../trusted-requests.ts'
import { type ConnectionLimits, createConnections } from './connections.ts'
import { type FairTurns, fairTurns, senderOfSocket } from './fair-turns.ts'
import { splitTarget } from './http-event.ts'
import { toHttpResult } from './http-result.ts'
import type { Integrate } from './integrations.ts'
import { createManagementApi, MAX_MESSAGE_BYTES } from './management-api.ts'
import { type SocketIdentity, toConnectEvent, toDisconnectEvent, toMessageEvent } from './socket-events.ts'
import { readSocketRoutes, type SocketRoutes } from './socket-routes.ts'

export type SocketApi = {
  readonly server: Server
  /** How many sockets are open. */
  size(): number
  /** Closes the sockets with 1001, and resolves when the functions have been told of it. */
  closeSockets(): Promise<void>
}

type Api = { readonly routes: SocketRoutes; readonly integrate: Integrate; readonly stage: string }
type Options = {
  readonly limits: ConnectionLimits
  /** Who may open sockets. The management API is for no page. */
  readonly trust: Trust
  /** Judges who may use the management API. */
  readonly check?: AccessCheck
  /** Shared with what else the same functions serve. */
  readonly turns?: FairTurns
}
type Connected = { readonly status: number; readonly protocol: string | undefined }

const KEEP_ALIVE_MS = 75_000
const UNSUPPORTED_DATA = 1003
/** How many messages of a connection the functions have at once. Further ones wait at their sender. */
const MESSAGES_AT_WORK = 4
/** How long a client may take to answer the close frame of a gateway that stops, in milliseconds. */
const CLOSING_MS = 500

/** Creates the WebSocket API of a service, with the management API of its connections on the same server. */
export function createSocketApi(
  service: Service,
  integrate: Integrate,
  { limits, trust, check = ALLOW_ALL, turns = fairTurns() }: Options,
): SocketApi {
  const api: Api = { routes: readSocketRoutes(service), integrate, stage: service.provider.stage ?? 'dev' }
  const connections = createConnections(limits)
  const protocols = new WeakMap<IncomingMessage, string>()
  const disconnecting = new Set<Promise<unknown>>()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // A client that sends pings and reads nothing would be sent pongs without end.
    autoPong: false,
    handleProtocols: (_, request) => protocols.get(request) ?? false,
  })
  const server = createTrustingServer(
    { ...trust, origins: NO_PAGES.origins },
    createManagementApi(connections, { stage: api.stage, check }),
  )
  server.keepAliveTimeout = KEEP_ALIVE_MS

  const disconnect = (identity: SocketIdentity, code: number, reason: string): void => {
    const telling = tellDisconnect(api, identity, { code, reason }).finally(() =>
      disconnecting.delete(telling),
    )
    disconnecting.add(telling)
  }
  const open = (socket: WebSocket, identity: SocketIdentity, sender: string): void => {
    // The library closes a connection that breaks the protocol, with the code for it.
    socket.on('error', () => {})
    socket.on('close', (code, reason) => disconnect(identity, code, reason.toString()))
    connections.add(socket, identity)
    const connection = connections.find(identity.connectionId)
    const takeMessage = inTurns(socket, async (message) => {
      const text = await turns.take(sender, () => answer(api, identity, message))
      if (text !== null && socket.readyState === socket.OPEN) connection?.send(text)
    })
    socket.on('ping', (data) => connection?.pong(data))
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return socket.close(UNSUPPORTED_DATA, 'Binary messages are not supported')
      // The rest of what a client has sent that is being closed.
      if (socket.readyState !== socket.OPEN) return
      connection?.touch()
      takeMessage(data.toString())
    })
  }
  server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (requestProblem(request, trust) !== null) return refuse(socket, 403)
    const identity = identify(request, api.stage)
    const { status, protocol } = await connect(api, identity, request)
    if (status < 200 || status > 299) return refuse(socket, status)
    if (protocol !== undefined) protocols.set(request, protocol)
    let isOpen = false
    sockets.handleUpgrade(request, socket, head, (client) => {
      isOpen = true
      open(client, identity, senderOfSocket(request.url ?? '/', identity.connectionId))
    })
    // The library has refused the handshake, or the client has cut it meanwhile.
    if (!isOpen) disconnect(identity, 1006, '')
  })
  return {
    server,
    size: connections.size,
    async closeSockets() {
      const clients = [...sockets.clients]
      const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)))
      connections.closeAll()
      const cut = setTimeout(() => {
        for (const client of clients) client.terminate()
      }, CLOSING_MS)
      await Promise.all(closed)
      clearTimeout(cut)
      await Promise.all(disconnecting)
    },
  }
}

/**
 * Returns what handles the messages of a socket, at most `MESSAGES_AT_WORK` at once. Meanwhile nothing is read from it, so
 * that one client that floods has its messages at its own side, and little of the functions' time.
 */
function inTurns(
  socket: Pick<WebSocket, 'once' | 'pause' | 'readyState' | 'resume' | 'OPEN'>,
  handle: (message: string) => Promise<void>,
): (message: string) => void {
  const waiting: string[] = []
  // A client that is gone must not keep the functions busy.
  socket.once('close', () => void waiting.splice(0))
  let atWork = 0
  const run = async (first: string) => {
    atWork++
    for (let next: string | undefined = first; next !== undefined; next = waiting.shift()) await handle(next)
    atWork--
    socket.resume()
  }
  return (message) => {
    if (atWork < MESSAGES_AT_WORK) return void run(message)
    socket.pause()
    waiting.push(message)
  }
}

function identify({ socket, headers }: IncomingMessage, stage: string): SocketIdentity {
  return {
    connectionId: `${randomBytes(11).toString('base64url')}=`,
    connectedAt: Date.now(),
    sourceIp: socket.remoteAddress ?? '127.0.0.1',
    userAgent: headers['user-agent'] ?? '',
    domainName: (headers.host ?? 'localhost').replace(/:\d+$/, ''),
    stage,
  }
}

/** Asks `$connect`, if there is such a route. A function that fails is a 502, as in the cloud. */
async function connect(
  { routes, integrate }: Api,
  identity: SocketIdentity,
  { rawHeaders, url = '/' }: IncomingMessage,
): Promise<Connected> {
  if (!routes.connect) return { status: 200, protocol: undefined }
  const [, query] = splitTarget(url)
  const event = toConnectEvent(identity, { rawHeaders, query, time: identity.connectedAt })
  const response = await integrate(routes.connect.functionKey, event, null)
  if (!response || response.isError) return { status: 502, protocol: undefined }
  const { status, headers } = toHttpResult(response)
  return { status, protocol: headers['sec-websocket-protocol'] }
}

function refuse(socket: Duplex, status: number): void {
  // A client that does not close its side must not keep the connection.
  socket.once('finish', () => socket.destroy())
  const body = JSON.stringify({ message: STATUS_CODES[status] ?? 'Refused' })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** Invokes the function of a message. Returns what is sent back, if anything. */
async function answer(
  { routes, integrate }: Api,
  identity: SocketIdentity,
  message: string,
): Promise<string | null> {
  const route = routes.select(message)
  const event = toMessageEvent(identity, route?.routeKey ?? '', Date.now())
  const { connectionId } = identity
  const { requestId } = event.requestContext
  if (!route) return JSON.stringify({ message: 'Forbidden', connectionId, requestId })
  const response = await integrate(route.functionKey, event, message)
  if (!response || response.isError)
    return JSON.stringify({ message: 'Internal server error', connectionId, requestId })
  // Without a body it is an empty message, as in the cloud.
  return route.hasResponse ? toHttpResult(response).body.toString() : null
}

async function tellDisconnect(
  { routes, integrate }: Api,
  identity: SocketIdentity,
  { code, reason }: { code: number; reason: string },
): Promise<void> {
  if (!routes.disconnect) return
  const event = toDisconnectEvent(identity, { code, reason, time: Date.now() })
  await integrate(routes.disconnect.functionKey, event, null)
}
