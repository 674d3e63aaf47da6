import { Buffer } from 'node:buffer'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { answerInTime, OutOfTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { problemResponse } from './problem.ts'

const RETRY_AFTER_SECONDS = 2

/**
 * Makes a Lambda handler of an API Gateway HTTP API (payload 2.0) out of a function from request to response. Errors
 * become problems (RFC 9457), and so does a function that is about to run into its time limit.
 */
export function httpHandler(respond: (request: HttpRequest) => Promise<HttpResponse>) {
  return answerInTime<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
    async (event, context, signal) => {
      try {
        return encodeResponse(await respond(decodeRequest(event, context, signal)), event)
      } catch (error) {
        // It stopped because it was late: its sender has been told.
        if (error === signal.reason) throw error
        return encodeResponse(problemResponse(error), event)
      }
    },
    {
      late: (event) => encodeResponse(problemResponse(lateRefusal(event.requestContext.http.method)), event),
    },
  )
}

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
      ...(!isText && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isText ? body : JSON.stringify(body),
  }
}
