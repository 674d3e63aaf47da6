import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AccessCheck, ALLOW_ALL } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import { localArn } from '../access/read-access.ts'
import { readBody } from '../read-body.ts'
import type { Connection, Connections } from './connections.ts'
import { decodePath } from './http-routes.ts'

const PREFIX = '/@connections/'
/** API Gateway's limit of a message, in bytes. */
export const MAX_MESSAGE_BYTES = 128 * 1024

type Refusal = { readonly status: number; readonly type: string; readonly message: string }

const SENT = { 'content-length': '0' }
const GONE: Refusal = { status: 410, type: 'GoneException', message: 'Gone' }
const FORBIDDEN: Refusal = { status: 403, type: 'ForbiddenException', message: 'Forbidden' }
const TOO_LARGE: Refusal = { status: 413, type: 'PayloadTooLargeException', message: 'Payload too large' }
const FULL: Refusal = { status: 429, type: 'LimitExceededException', message: 'The client does not read' }

/**
 * Responds to the management API of the open connections, `/@connections/{id}` with or without a stage before it. It is
 * the busiest way of the stack, so it reads no more of a request than it needs, and does not check its signature.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export function createManagementApi(
  connections: Connections,
  { stage = 'local', check = ALLOW_ALL }: { readonly stage?: string; readonly check?: AccessCheck } = {},
) {
  const accessProblem = accessChecker(stage, check)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, MAX_MESSAGE_BYTES).catch(() => undefined)
    if (body === undefined)
      response.destroy() // the sender has cut its request
    else respond(request, response, { body, connections, accessProblem })
  }
}

type Context = {
  readonly body: Buffer | null
  readonly connections: Connections
  readonly accessProblem: (authorization: string | undefined, method: string | undefined) => string | null
}

/** A policy names the API, the stage and the method, and all connections. */
function accessChecker(stage: string, check: AccessCheck): Context['accessProblem'] {
  const resources = new Map<string, string>()
  return (authorization, method = 'GET') => {
    const resource =
      resources.get(method) ?? localArn('execute-api', `WebsocketsApi/${stage}/${method}/@connections/id`)
    resources.set(method, resource)
    const accessKey = accessKeyIn(authorization)
    return check({ accessKey, action: 'execute-api:ManageConnections', resource })
  }
}

function respond(
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
  { body, connections, accessProblem }: Context,
): void {
  const begin = url.indexOf(PREFIX)
  const end = url.indexOf('?', begin)
  const id = url.slice(begin + PREFIX.length, end === -1 ? undefined : end)
  const connection = begin === -1 ? null : connections.find(decodePath(id))
  const denied = accessProblem(headers.authorization, method)
  if (denied !== null) refuse(response, { status: 403, type: 'AccessDeniedException', message: denied })
  else if (body === null) refuse(response, TOO_LARGE)
  else if (begin === -1) refuse(response, FORBIDDEN)
  else if (connection === null) refuse(response, GONE)
  else if (method === 'POST') {
    // Bytes that are no text would end the connection of a client that checks.
    const text = isUtf8(body) ? body : body.toString()
    if (connection.send(text)) response.writeHead(200, SENT).end()
    else refuse(response, FULL)
  } else if (method === 'GET') describe(response, connection)
  else if (method === 'DELETE') {
    connection.close(1000, 'Connection closed by the server')
    response.writeHead(204).end()
  } else refuse(response, FORBIDDEN)
}

function describe(response: ServerResponse, { identity, lastActiveAt }: Connection): void {
  const { connectedAt, sourceIp, userAgent } = identity
  const body = {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(lastActiveAt()).toISOString(),
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, { status, type, message }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
  response.end(JSON.stringify({ message }))
}
