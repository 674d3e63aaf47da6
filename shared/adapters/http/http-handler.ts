import { Buffer } from 'node:buffer'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { answerInTime, OutOfTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { withLogFields } from '#shared/pipeline/log.ts'
import { NO_TELEMETRY, type Telemetry, type Tracing } from '#shared/pipeline/telemetry/telemetry.ts'
import { continueTrace, tracePartsOf } from '#shared/pipeline/trace.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { problemResponse } from './problem.ts'

const RETRY_AFTER_SECONDS = 2

/**
 * Makes a Lambda handler of an API Gateway HTTP API (payload 2.0) out of a function from request to response. Errors
 * become problems (RFC 9457), and so does a function that is about to run into its time limit. A request is a span, and
 * what it causes continues its trace.
 */
export function httpHandler(
  respond: (request: HttpRequest) => Promise<HttpResponse>,
  telemetry: Telemetry = NO_TELEMETRY,
) {
  const { metrics, tracing } = telemetry
  const late = (event: APIGatewayProxyEventV2) =>
    encodeResponse(problemResponse(lateRefusal(event.requestContext.http.method)), event)
  return answerInTime<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
    async (event, context, signal) => {
      const request = decodeRequest(event, context, signal)
      const response = await tracing.span(spanName(event), spanOptions(request, event, tracing), (trace) =>
        withLogFields({ trace_id: tracePartsOf(trace)?.traceId }, async () => {
          try {
            assertDecodable(request.rawQuery)
            return await respond(withTrace(request, trace))
          } catch (error) {
            // It stopped because it was late: its sender has been told.
            if (error === signal.reason) throw error
            return problemResponse(error)
          }
        }),
      )
      const reason = problemOf(response)
      if (reason !== null) metrics.count('requests_refused', 1, { reason })
      if (response.status === 429) metrics.count('requests_limited', 1)
      return encodeResponse(response, event)
    },
    { late, telemetry },
  )
}

/** The route is a template, so that the ids of a path are no part of a name. */
function spanName({ routeKey = '', requestContext: { http } }: APIGatewayProxyEventV2): string {
  return routeKey.includes('/') ? routeKey : http.method
}

/** A request that only reads begins no trace of its own: it would be all that is sampled. */
function spanOptions({ method }: HttpRequest, event: APIGatewayProxyEventV2, { begin }: Tracing) {
  const isRead = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  const header = event.headers.traceparent
  return {
    parent: isRead ? continueTrace(header) : begin(header),
    kind: 'server',
    attributes: { 'http.request.method': method, 'http.route': spanName(event) },
    describe: ({ status }: HttpResponse) => ({ 'http.response.status_code': status }),
  } as const
}

function withTrace(request: HttpRequest, traceparent: string): HttpRequest {
  const { headers, caller } = request
  return { ...request, headers: { ...headers, traceparent }, caller: { ...caller, trace: traceparent } }
}

/** Returns what problem a response is, such as `rate-limited`; null if it is none. */
function problemOf({ status, body }: HttpResponse): string | null {
  if (status < 400) return null
  const type = typeof body === 'object' && body !== null && 'type' in body ? String(body.type) : ''
  return type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : 'other'
}

const PROBLEM = 'urn:tidewire:problem:'

/** Says what is known and what to do: a request that was late may have been carried out. */
function lateRefusal(method: string): Refusal {
  const isRead = method === 'GET' || method === 'HEAD'
  const detail = isRead
    ? 'Reading this took too long. Send the request again, or ask for less with filters and a smaller "limit".'
    : 'The request took too long, and may or may not have been carried out. Send it again, unchanged: an event with an id, or a request with an Idempotency-Key, is not doubled.'
  // The cause is logged, so that an operator sees how often it happens.
  return new Refusal('unavailable', detail, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause: new OutOfTime(),
  })
}

/**
 * Throws Refusal `malformed` for a query with escapes that are no UTF-8, whose values would be others than those that
 * were meant. The path is decoded when it arrives, so that `/events/%zz` and `/events/%25zz` cannot be told apart.
 */
function assertDecodable(rawQuery: string): void {
  if (!rawQuery.includes('%')) return
  for (const pair of rawQuery.split('&')) {
    const at = pair.indexOf('=')
    const [name, value] = [
      decoded(at < 0 ? pair : pair.slice(0, at)),
      decoded(at < 0 ? '' : pair.slice(at + 1)),
    ]
    if (name !== null && value !== null) continue
    // A value may be a secret: only its name is repeated.
    const fault = {
      pointer: `/${(name ?? '').slice(0, 80)}`,
      detail: `${BROKEN}: write "%" itself as %25.`,
    }
    throw faultsRefusal('malformed', [fault])
  }
}

const BROKEN = 'has a "%" that is not followed by the two hexadecimal digits of a byte of UTF-8'

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

export function decodeRequest(
  event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  signal: AbortSignal,
): HttpRequest {
  const headers = Object.fromEntries(
    Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const { http, requestId } = event.requestContext
  const trace = continueTrace(headers.traceparent)
  return {
    method: http.method,
    path: event.rawPath,
    headers: { ...headers, traceparent: trace },
    caller: { address: http.sourceIp, requestId, trace },
    query: event.queryStringParameters ?? {},
    rawQuery: event.rawQueryString,
    pathParameters: event.pathParameters ?? {},
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    remainingMs: () => context.getRemainingTimeInMillis(),
    signal,
  }
}

/**
 * What every response says to browsers: it is data, which no page runs, shows in a frame or loads from another origin
 * without CORS, and it differs by the origin that asks.
 */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  vary: 'origin',
} as const
/** Two years. Over plain HTTP, as on a laptop, it must not be sent (RFC 6797 §7.2). */
const HTTPS_ONLY = { 'strict-transport-security': 'max-age=63072000' } as const

function encodeResponse(
  { status, headers, body }: HttpResponse,
  { headers: { 'x-forwarded-proto': scheme } }: APIGatewayProxyEventV2,
): APIGatewayProxyStructuredResultV2 {
  const isText = typeof body === 'string'
  return {
    statusCode: status,
    headers: {
      ...SECURITY_HEADERS,
      ...(scheme === 'https' && HTTPS_ONLY),
      ...(body !== undefined && !isText && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isText ? body : JSON.stringify(body),
  }
}
