import { Buffer } from 'node:buffer'
import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { Refusal } from '#shared/core/refusal.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { problemResponse } from './problem.ts'

/** Makes a Lambda handler of an API Gateway HTTP API (payload 2.0) out of a function from request to response. Errors become problems (RFC 9457). */
export function httpHandler(respond: (request: HttpRequest) => Promise<HttpResponse>) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>({
    timeoutEarlyResponse: refuseLate,
  })
    .onError((request) => {
      request.response = encodeResponse(problemResponse(request.error))
    })
    .handler(async (event, context) => encodeResponse(await respond(decodeRequest(event, context))))
}

/** A function that runs into its time limit says so in time, instead of the gateway's bare 503. */
function refuseLate(): never {
  const detail =
    'This took longer than the function may run; it may or may not have been done. Send it again.'
  throw new Refusal('unavailable', detail, { retryAfterSeconds: 2 })
}

export function decodeRequest(
  event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): HttpRequest {
  const headers = Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method: event.requestContext.http.method,
    path: event.rawPath,
    headers: Object.fromEntries(headers),
    query: event.queryStringParameters ?? {},
    rawQuery: event.rawQueryString,
    pathParameters: event.pathParameters ?? {},
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    remainingMs: () => context.getRemainingTimeInMillis(),
  }
}

function encodeResponse({ status, headers, body }: HttpResponse): APIGatewayProxyStructuredResultV2 {
  const isText = typeof body === 'string'
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      ...(!isText && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isText ? body : JSON.stringify(body),
  }
}
