import { isThrottled } from '../lambda/host-protocol.ts'
import type { ProxyResponse } from '../lambda/start-function-host.ts'

export type HttpResult = {
  readonly status: number
  /** The names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: string | Buffer
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Returns the HTTP response that API Gateway makes of a function's response of payload format 2.0. Without a
 * `statusCode` the response is the body, with 200 and as JSON. An error of the function, or a response that is none,
 * is 500; a function that is throttled is 503.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toHttpResult({ isError, payload, body }: ProxyResponse): HttpResult {
  if (isError) return isThrottled(payload) ? serviceUnavailable : internalServerError
  const response: unknown = JSON.parse(payload)
  if (!isFields(response) || response.statusCode === undefined) {
    const whole = body === undefined ? response : { ...(response as Fields), body }
    const text = typeof whole === 'string' ? whole : JSON.stringify(whole)
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: text }
  }
  return readStructured(response, body)
}

/** The gateway's own response, such as `{"message":"Not Found"}`. */
export function gatewayMessage(status: number, message: string): HttpResult {
  const body = JSON.stringify({ message })
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body }
}

const serviceUnavailable = gatewayMessage(503, 'Service Unavailable')
const internalServerError = gatewayMessage(500, 'Internal Server Error')

function readStructured(response: Fields, body: string | undefined): HttpResult {
  const status = Number(response.statusCode)
  const isStatus = Number.isInteger(status) && status >= 100 && status <= 599
  // A text body travels apart, so one that is here is no text.
  const isBody = body !== undefined || response.body === undefined || response.body === null
  if (!isStatus || !isBody) return internalServerError
  const headers = readHeaders(response.headers)
  if (body) headers['content-type'] ??= 'text/plain;charset=UTF-8'
  const bytes = response.isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : (body ?? '')
  return { status, headers, cookies: readCookies(response.cookies), body: bytes }
}

function readHeaders(headers: unknown): Record<string, string> {
  const read: Record<string, string> = {}
  if (!isFields(headers)) return read
  for (const [name, value] of Object.entries(headers))
    if (value !== null) read[name.toLowerCase()] = String(value)
  return read
}

const readCookies = (cookies: unknown): string[] => (Array.isArray(cookies) ? cookies.map(String) : [])

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
