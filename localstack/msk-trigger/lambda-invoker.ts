import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Mapping } from './mapping.ts'
import type { LambdaKafkaEvent } from './to-lambda-event.ts'

/** The function's own failure. If Lambda itself is throttled or not reachable, the invocation rejects instead. */
export type FunctionError = { errorType: string; errorMessage: string }
export type InvokeResult = { payload: unknown } | { functionError: FunctionError }

/** Invokes a function once. Rejects if the invocation could not be made: that is retried without counting. */
export type Invoke = (
  target: Pick<Mapping, 'functionName' | 'timeoutMs'>,
  event: LambdaKafkaEvent,
) => Promise<InvokeResult>

/**
 * Invokes functions over Lambda's Invoke API at `endpoint`, as serverless-offline serves it on its `lambdaPort`.
 * The returned function rejects if the service is not there, is throttled, or does not know the function yet.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function createLambdaInvoker(endpoint: string): Invoke {
  // Not fetch: it gives up after five minutes without a response, and functions may run for fifteen.
  const agent = new Agent({ keepAlive: true })
  return async ({ functionName, timeoutMs }, event) => {
    const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, endpoint)
    // The caller and the service both enforce the timeout; this only frees the socket after them.
    const signal = AbortSignal.timeout(timeoutMs + 5_000)
    return toResult(functionName, await post(url, JSON.stringify(event), { agent, signal }))
  }
}

type Response = { status: number; error: string | undefined; payload: unknown }

function post(
  url: URL,
  body: string,
  { agent, signal }: { agent: Agent; signal: AbortSignal },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request(url, { method: 'POST', agent, signal, headers }, (incoming) => {
      const { statusCode: status = 0, headers: received } = incoming
      const error = received['x-amz-function-error']?.toString()
      // An empty body, or one that is not JSON, is the response of a function that returned nothing.
      json(incoming).then(
        (payload) => resolve({ status, error, payload }),
        () =>
          incoming.complete
            ? resolve({ status, error, payload: null })
            : reject(new Error('the response is incomplete')),
      )
    })
    outgoing.on('error', (cause) =>
      reject(new Error(`${url.host} is not reachable: ${describe(cause)}`, { cause })),
    )
    outgoing.end(body)
  })
}

const describe = (cause: Error): string => ('code' in cause ? String(cause.code) : cause.message)

function toResult(name: string, { status, error, payload }: Response): InvokeResult {
  // The event exceeds 6 MB: no retry makes it smaller, so it counts as the function's failure.
  if (status === 413)
    return { functionError: { errorType: 'RequestEntityTooLarge', errorMessage: 'the event is too large' } }
  if (status === 404) throw new Error(`there is no function ${name} yet`)
  if (status < 200 || status > 299) throw new Error(`invoking ${name} returned ${status}`)
  const reported = readFunctionError(payload)
  if (error !== undefined)
    return { functionError: reported ?? { errorType: error, errorMessage: 'no message' } }
  return reported ? { functionError: reported } : { payload }
}

function readFunctionError(payload: unknown): FunctionError | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  if (!('errorMessage' in payload) || !('errorType' in payload)) return undefined
  return { errorType: String(payload.errorType), errorMessage: String(payload.errorMessage) }
}
