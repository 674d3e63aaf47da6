import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { FunctionError, Invoke, InvokeResult } from './mapping.ts'

type LambdaInvoker = {
  /** such as `http://127.0.0.1:3002` */
  endpoint: string
  /** the Lambda name of each function key */
  functionNames: Record<string, string>
}

/**
 * Invokes functions over Lambda's Invoke API, as serverless-offline serves it on its `lambdaPort`.
 * The returned function rejects when the service is not there, is throttled, or does not know the function yet.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function createLambdaInvoker({ endpoint, functionNames }: LambdaInvoker): Invoke {
  // Not fetch: it gives up after five minutes without an answer, and functions may run for fourteen.
  const agent = new Agent({ keepAlive: true })
  return async (functionKey, event, timeoutMs) => {
    const name = functionNames[functionKey] ?? functionKey
    const url = new URL(`/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, endpoint)
    // The caller and the service both enforce the timeout; this only frees the socket after them.
    const signal = AbortSignal.timeout(timeoutMs + 5_000)
    const { status, error, payload } = await post(url, JSON.stringify(event), { agent, signal })
    return toResult(name, status, error, payload)
  }
}

type Answer = { status: number; error: string | undefined; payload: unknown }

function post(
  url: URL,
  body: string,
  { agent, signal }: { agent: Agent; signal: AbortSignal },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request(url, { method: 'POST', agent, signal, headers }, (incoming) => {
      const { statusCode: status = 0, headers: received } = incoming
      const error = received['x-amz-function-error']?.toString()
      // An empty body, or one that is not JSON, is the answer of a function that returned nothing.
      json(incoming).then(
        (payload) => resolve({ status, error, payload }),
        () =>
          incoming.complete
            ? resolve({ status, error, payload: null })
            : reject(new Error('the answer broke off')),
      )
    })
    outgoing.on('error', (cause) =>
      reject(new Error(`${url.host} is not reachable: ${describe(cause)}`, { cause })),
    )
    outgoing.end(body)
  })
}

const describe = (cause: Error): string => ('code' in cause ? String(cause.code) : cause.message)

function toResult(name: string, status: number, error: string | undefined, payload: unknown): InvokeResult {
  // The event exceeds 6 MB: no retry makes it smaller, so it counts as the function's failure.
  if (status === 413)
    return { functionError: { errorType: 'RequestEntityTooLarge', errorMessage: 'the event is too large' } }
  if (status === 404) throw new Error(`there is no function ${name} yet`)
  if (status < 200 || status > 299) throw new Error(`invoking ${name} answered ${status}`)
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
