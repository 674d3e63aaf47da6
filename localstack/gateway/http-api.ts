import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { MAX_PAYLOAD_BYTES } from '../lambda/host-protocol.ts'
import { type BodyRoom, bodyRoom, readBody } from '../read-body.ts'
import type { Service } from '../service.ts'
import type { RespondLocally } from '../telemetry/telemetry-routes.ts'
import { createTrustingServer, type Patience, type Trust } from '../trusted-requests.ts'
import { type Cors, readCors } from './cors.ts'
import { type FairTurns, fairTurns, senderOf } from './fair-turns.ts'
import { splitTarget, toHttpEvent } from './http-event.ts'
import { gatewayMessage, type HttpResult, toHttpResult } from './http-result.ts'
import { type HttpRoutes, readHttpRoutes } from './http-routes.ts'
import type { Integrate } from './integrations.ts'
import { refuseRepeatedAttribute } from './repeated-attribute.ts'

/** API Gateway's limit of a request's body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024
/** API Gateway's limit of the request line and the values of the headers together. */
const MAX_HEADER_BYTES = 10_240
/** What all bodies that are not complete yet may take: slow senders must not fill the memory. */
const BODIES_BYTES = 256 * 1024 * 1024
/** How long an idle connection is kept, in milliseconds: longer than clients keep theirs, which therefore close first. */
const KEEP_ALIVE_MS = 75_000

type Api = {
  readonly routes: HttpRoutes
  readonly cors: Cors | null
  readonly integrate: Integrate
  readonly room: BodyRoom
  readonly turns: FairTurns
}

type Options = {
  readonly patience?: Patience
  readonly bodiesBytes?: number
  /** Shared with what else the same functions serve. */
  readonly turns?: FairTurns
  /** Responds to what is no part of the API. */
  readonly respondLocally?: RespondLocally
}

/** Creates the HTTP API of a service, with payload format 2.0 and the stage `$default`. */
export function createHttpApi(
  service: Service,
  integrate: Integrate,
  trust: Trust,
  { patience, bodiesBytes = BODIES_BYTES, turns = fairTurns(), respondLocally = () => false }: Options = {},
): Server {
  const cors = readCors(service, trust.origins)
  const api: Api = {
    routes: readHttpRoutes(service),
    cors,
    integrate,
    room: bodyRoom(bodiesBytes),
    turns,
  }
  const respondTo: RequestListener = (request, response) => {
    if (respondLocally(request, response)) return
    respond(request, api).then(
      (result) => send(response, result, request),
      () => response.destroy(), // the sender has cut its request, or there was no room for it
    )
  }
  const server = createTrustingServer(trust, respondTo, patience)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

async function respond(
  request: IncomingMessage,
  { routes, cors, integrate, room, turns }: Api,
): Promise<HttpResult> {
  const { method = 'GET', url = '/', rawHeaders, socket, httpVersion } = request
  const { origin } = request.headers
  const [path] = splitTarget(url)
  const isPreflight = method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (cors && origin !== undefined && isPreflight && !routes.hasOptions(path)) {
    request.resume()
    return { status: 204, headers: { ...cors.preflight(origin), vary: 'origin' }, cookies: [], body: '' }
  }
  const { sender, needsTurn } = senderOf(request)
  turns.meet(sender)
  const result = await (async () => {
    // Before its body is read: Node drops it when the response is sent.
    if (needsTurn && turns.isFull(sender)) return tooMany
    const body = await readBody(request, MAX_BODY_BYTES, room)
    if (headerBytes(request) > MAX_HEADER_BYTES) return headersTooLarge
    const match = routes.find(method, path)
    if (body === null) return tooLarge
    if (match === null) return gatewayMessage(404, 'Not Found')
    const repeated = refuseRepeatedAttribute(rawHeaders)
    if (repeated) return repeated
    // Others of this sender may wait since its body began.
    if (needsTurn && turns.isFull(sender)) return tooMany
    const invoke = async (): Promise<HttpResult> => {
      const received = {
        method,
        url,
        rawHeaders,
        body,
        sourceIp: socket.remoteAddress ?? '127.0.0.1',
        port: socket.localPort ?? 80,
        protocol: `HTTP/${httpVersion}`,
        time: Date.now(),
      }
      const { event, body: text } = toHttpEvent(received, match)
      if (text !== null && text.length > MAX_PAYLOAD_BYTES) return tooLarge
      const invocation = await integrate(match.functionKey, event, text)
      return invocation ? toHttpResult(invocation) : gatewayMessage(503, 'Service Unavailable')
    }
    // What a large body costs here is a part of its turn.
    return needsTurn ? turns.take(sender, invoke) : invoke()
  })()
  return cors ? withCors(result, origin === undefined ? {} : cors.headers(origin)) : result
}

const headersTooLarge = gatewayMessage(431, 'Request Header Fields Too Large')
const tooLarge = gatewayMessage(413, 'Request Entity Too Large')
const tooMany = withRetryAfter(gatewayMessage(429, 'Too Many Requests'))

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
function headerBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  const values = rawHeaders.reduce((sum, text, index) => (index % 2 === 0 ? sum : sum + text.length), 0)
  return `${method} ${url} HTTP/1.1`.length + values
}

function withRetryAfter(result: HttpResult): HttpResult {
  return { ...result, headers: { ...result.headers, 'retry-after': '1' } }
}

/**
 * A gateway with CORS ignores what the function says of it. A cache must keep the responses of each origin apart, also the
 * one without an origin.
 */
function withCors(result: HttpResult, added: Readonly<Record<string, string>>): HttpResult {
  const own = Object.entries(result.headers).filter(([name]) => !name.startsWith('access-control-'))
  const named = result.headers.vary?.split(/, */).filter((name) => name.toLowerCase() !== 'origin') ?? []
  const vary = [...named, 'origin'].join(', ')
  return { ...result, headers: { ...Object.fromEntries(own), ...added, vary } }
}

/** A response without content, which has no length either (RFC 9110 §8.6). */
const NO_LENGTH: readonly number[] = [204, 304]

function send(response: ServerResponse, result: HttpResult, request: IncomingMessage): void {
  const { status, headers, cookies, body } = result
  try {
    response.writeHead(status, {
      ...headers,
      ...(!NO_LENGTH.includes(status) && { 'content-length': Buffer.byteLength(body) }),
      ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  } catch {
    // A header of the function is not one.
    if (response.headersSent) response.destroy()
    else send(response, gatewayMessage(500, 'Internal Server Error'), request)
  }
}
