import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import type { Principal } from '#shared/core/role.ts'
import { redeemTicket } from '#shared/pipeline/sockets/tickets.ts'
import { byKey, isLocal, requestStats, subscriptions, tickets } from './compose.ts'

type Query = Readonly<Record<string, string | undefined>>
type ConnectEvent = APIGatewayProxyWebsocketEventV2 & { readonly queryStringParameters?: Query | null }

/** `$connect`: 401 without a ticket that holds; otherwise the connection is on record before it opens. */
export async function handler(event: ConnectEvent): Promise<APIGatewayProxyResultV2> {
  const principal = await identifyConnection(event.queryStringParameters ?? {})
  if (principal === null) return { statusCode: 401 }
  await subscriptions.connect(event.requestContext.connectionId, principal)
  await requestStats()
  return { statusCode: 200 }
}

/** A key in a URL ends up in the logs of proxies, so only the local stack takes one there. */
async function identifyConnection({ ticket, key }: Query): Promise<Principal | null> {
  if (ticket) return redeemTicket(ticket, { tickets })
  return isLocal && key ? byKey(key) : null
}
