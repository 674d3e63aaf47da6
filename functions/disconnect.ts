import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import { requestStats, subscriptions } from './compose.ts'

/** `$disconnect`, which the gateway sends at best effort: forgets the connection and its subscriptions. */
export async function handler(event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> {
  await subscriptions.removeConnection(event.requestContext.connectionId)
  await requestStats()
  return { statusCode: 200 }
}
