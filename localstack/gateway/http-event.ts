import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { decodePath, type RouteMatch } from './http-routes.ts'

/** A request as it was received. */
export type ReceivedRequest = {
  readonly method: string
  /** The request target, such as `/events/a%20b?limit=2`. */
  readonly url: string
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
  readonly sourceIp: string
  readonly port: number
  readonly protocol: string
  readonly body: Buffer
  /** Unix time in milliseconds. */
  readonly time: number
}

export type HttpEvent = {
  /** The event without its `body`. */
  readonly event: Readonly<Record<string, unknown>>
  readonly body: string | null
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** What an HTTP API passes as text. Everything else is base64: forms, and bodies without a type, too. */
const TEXT_TYPES = /^(?:text\/.*|application\/(?:json|xml|javascript))$/

/**
 * Returns the event of payload format 2.0 for a request. As in the cloud, `rawPath` is decoded, while
 * `rawQueryString` is not.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toHttpEvent(request: ReceivedRequest, match: RouteMatch): HttpEvent {
  const { url, method, sourceIp, protocol, time, body } = request
  const [path, rawQueryString] = splitTarget(url)
  const { headers, cookies } = readHeaders(request)
  const rawPath = decodePath(path)
  const isBase64Encoded = body.length > 0 && !isText(headers, body)
  const domainName = (headers.host ?? 'localhost').replace(/:\d+$/, '')
  const event = {
    version: '2.0',
    routeKey: match.routeKey,
    rawPath,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(rawQueryString !== '' && { queryStringParameters: readQuery(rawQueryString) }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: { method, path: rawPath, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: match.routeKey,
      stage: '$default',
      time: formatTime(time),
      timeEpoch: time,
    },
    ...(match.pathParameters && { pathParameters: match.pathParameters }),
    isBase64Encoded,
  }
  if (body.length === 0) return { event, body: null }
  return { event, body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }
}

/** Returns the path and the query of a request target, both still encoded. */
export function splitTarget(target: string): [path: string, query: string] {
  const relative = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '')
  const mark = relative.indexOf('?')
  return mark === -1 ? [relative || '/', ''] : [relative.slice(0, mark) || '/', relative.slice(mark + 1)]
}

/** Bytes that are not UTF-8, or have a content coding, go as base64 with any media type: as text they would be lost. */
function isText(headers: Readonly<Record<string, string>>, body: Buffer): boolean {
  const { 'content-type': contentType = '', 'content-encoding': coding = '' } = headers
  const [type = ''] = contentType.split(';')
  return (
    (coding === '' || coding === 'identity') && TEXT_TYPES.test(type.trim().toLowerCase()) && isUtf8(body)
  )
}

/**
 * The names are in lower case and repeats are joined with a comma; cookies are apart. What the gateway says of its own
 * is added where no proxy in front of it has said it already, such as the tunnel that webhooks come through.
 */
function readHeaders({ rawHeaders, sourceIp, port }: ReceivedRequest) {
  const headers: Record<string, string> = {}
  const cookies: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (name === 'cookie') cookies.push(...value.split(/;\s*/).filter((cookie) => cookie !== ''))
    else headers[name] = name in headers ? `${headers[name]},${value}` : value
  }
  const forwarded = headers['x-forwarded-for']
  headers['x-forwarded-for'] = forwarded === undefined ? sourceIp : `${forwarded}, ${sourceIp}`
  headers['x-forwarded-port'] ??= String(port)
  headers['x-forwarded-proto'] ??= 'http'
  return { headers, cookies }
}

function readQuery(query: string): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query))
    parameters[name] = name in parameters ? `${parameters[name]},${value}` : value
  return parameters
}

/** As in an access log of Apache, such as `12/Mar/2026:19:03:58 +0000`. */
export function formatTime(time: number): string {
  const date = new Date(time)
  const two = (number: number) => String(number).padStart(2, '0')
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${clock} +0000`
}
