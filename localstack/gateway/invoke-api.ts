import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AccessCheck, ALLOW_ALL } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import { localArn } from '../access/read-access.ts'
import { isThrottled, MAX_PAYLOAD_BYTES } from '../lambda/host-protocol.ts'
import type { FunctionHost } from '../lambda/start-function-host.ts'
import { readBody } from '../read-body.ts'
import { createTrustingServer, type Trust } from '../trusted-requests.ts'
import { decodePath } from './http-routes.ts'

/** https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html */
const CONCURRENCY_PATH = /^\/2017-10-31\/functions\/([^/?]+)\/concurrency$/
const PATH = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/
/** Lambda's limit of the event of an invocation that nobody waits for, in bytes. */
const MAX_EVENT_BYTES = 1024 * 1024

type Refusal = { readonly status: number; readonly type: string; readonly message: string }

/**
 * Creates Lambda's Invoke API for the functions of the names given: the types `RequestResponse`, `Event` and `DryRun`.
 * An `Event` whose function fails is not tried again. `PutFunctionConcurrency` with 0 stops a function, and
 * `DeleteFunctionConcurrency` starts it again; any other number limits nothing.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function createInvokeApi(
  host: Pick<FunctionHost, 'invoke' | 'setStopped'>,
  names: ReadonlySet<string>,
  trust: Trust,
  check: AccessCheck = ALLOW_ALL,
): Server {
  return createTrustingServer(trust, (request, response) => {
    const respond = CONCURRENCY_PATH.test(request.url ?? '') ? changeConcurrency : invoke
    respond(request, response, { host, names, check }).catch(() => response.destroy()) // the sender has cut its request
  })
}

type Context = {
  readonly host: Pick<FunctionHost, 'invoke' | 'setStopped'>
  readonly names: ReadonlySet<string>
  readonly check: AccessCheck
}

async function invoke(
  request: IncomingMessage,
  response: ServerResponse,
  { host, names, check }: Context,
): Promise<void> {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse'
  const body = await readBody(request, type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES)
  const name = nameOf(request)
  const denied =
    name === null
      ? null
      : check({
          accessKey: accessKeyIn(request.headers.authorization),
          action: 'lambda:InvokeFunction',
          resource: localArn('lambda', `function:${name}`),
        })
  if (denied !== null)
    return refuse(response, { status: 403, type: 'AccessDeniedException', message: denied })
  const refusal = name === null ? noSuchPath : names.has(name) ? bodyProblem(body) : noSuchFunction(name)
  if (refusal || name === null || body === null) return refuse(response, refusal ?? noSuchPath)
  if (type === 'DryRun') return void response.writeHead(204).end()
  const invocation = host.invoke(name, body.length === 0 ? '{}' : body.toString())
  if (type === 'Event') return void response.writeHead(202, { 'content-length': '0' }).end()
  const { isError, payload } = await invocation
  if (isError && isThrottled(payload)) return refuse(response, throttled)
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-amz-executed-version': '$LATEST',
    ...(isError && { 'x-amz-function-error': 'Unhandled' }),
  })
  response.end(payload)
}

async function changeConcurrency(
  request: IncomingMessage,
  response: ServerResponse,
  { host, names }: Context,
): Promise<void> {
  const body = await readBody(request, MAX_EVENT_BYTES)
  const name = decodePath(CONCURRENCY_PATH.exec(request.url ?? '')?.[1] ?? '')
  if (!names.has(name)) return refuse(response, noSuchFunction(name))
  if (request.method === 'DELETE') {
    host.setStopped(name, false)
    return void response.writeHead(204).end()
  }
  const problem = bodyProblem(body)
  if (request.method !== 'PUT' || problem) return refuse(response, problem ?? noSuchPath)
  const { ReservedConcurrentExecutions } = JSON.parse(body?.toString() || '{}')
  host.setStopped(name, ReservedConcurrentExecutions === 0)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ ReservedConcurrentExecutions }))
}

/** The name of the path, which may also be an ARN and have a qualifier. */
function nameOf({ method, url = '/' }: IncomingMessage): string | null {
  const [, encoded] = method === 'POST' ? (PATH.exec(url) ?? []) : []
  if (encoded === undefined) return null
  const parts = decodePath(encoded).split(':')
  return (parts[0] === 'arn' ? parts[6] : parts[0]) ?? null
}

function bodyProblem(body: Buffer | null): Refusal | null {
  if (body === null)
    return { status: 413, type: 'RequestTooLargeException', message: 'The event is too large' }
  try {
    if (body.length > 0) JSON.parse(body.toString())
    return null
  } catch (error) {
    const message = `Could not parse request body into json: ${(error as Error).message}`
    return { status: 400, type: 'InvalidRequestContentException', message }
  }
}

const throttled: Refusal = { status: 429, type: 'TooManyRequestsException', message: 'Rate Exceeded.' }
const noSuchPath: Refusal = { status: 404, type: 'UnknownOperationException', message: 'Not Found' }
const noSuchFunction = (name: string): Refusal => ({
  status: 404,
  type: 'ResourceNotFoundException',
  message: `Function not found: ${name}`,
})

function refuse(response: ServerResponse, { status, type, message }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
  response.end(JSON.stringify({ Type: 'User', Message: message }))
}
