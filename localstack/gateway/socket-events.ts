import { randomUUID } from 'node:crypto'
import { formatTime } from './http-event.ts'

/** What the events of one connection have in common. */
export type SocketIdentity = {
  readonly connectionId: string
  readonly connectedAt: number
  readonly sourceIp: string
  readonly userAgent: string
  readonly domainName: string
  readonly stage: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Returns the event of `$connect`. As in the cloud, the headers keep their case, and what has several values is there
 * twice.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
export function toConnectEvent(
  identity: SocketIdentity,
  { rawHeaders, query, time }: { rawHeaders: readonly string[]; query: string; time: number },
): Fields {
  const headers: [string, string][] = []
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  const parameters = [...new URLSearchParams(query)]
  return {
    headers: lastOf(headers),
    multiValueHeaders: allOf(headers),
    ...(parameters.length > 0 && {
      queryStringParameters: lastOf(parameters),
      multiValueQueryStringParameters: allOf(parameters),
    }),
    requestContext: contextOf(identity, { routeKey: '$connect', eventType: 'CONNECT', time }),
    isBase64Encoded: false,
  }
}

/** Returns the event of a message, without its `body`. */
export function toMessageEvent(identity: SocketIdentity, routeKey: string, time: number) {
  const context = contextOf(identity, { routeKey, eventType: 'MESSAGE', time })
  return { requestContext: { ...context, messageId: context.requestId }, isBase64Encoded: false }
}

/** Returns the event of `$disconnect`, with the code and the reason of the close frame. */
export function toDisconnectEvent(
  identity: SocketIdentity,
  { code, reason, time }: { code: number; reason: string; time: number },
): Fields {
  const context = contextOf(identity, { routeKey: '$disconnect', eventType: 'DISCONNECT', time })
  return {
    headers: { Host: identity.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
    requestContext: { ...context, disconnectStatusCode: code, disconnectReason: reason },
    isBase64Encoded: false,
  }
}

type Moment = { readonly routeKey: string; readonly eventType: string; readonly time: number }

function contextOf(identity: SocketIdentity, { routeKey, eventType, time }: Moment) {
  const { connectionId, connectedAt, sourceIp, userAgent, domainName, stage } = identity
  const requestId = randomUUID()
  return {
    routeKey,
    eventType,
    extendedRequestId: requestId,
    requestTime: formatTime(time),
    messageDirection: 'IN',
    stage,
    connectedAt,
    requestTimeEpoch: time,
    identity: { userAgent, sourceIp },
    requestId,
    domainName,
    connectionId,
    apiId: 'local',
  }
}

const lastOf = (pairs: readonly [string, string][]): Record<string, string> => Object.fromEntries(pairs)

function allOf(pairs: readonly [string, string][]): Record<string, string[]> {
  const groups = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.map(([, value]) => value)]))
}
