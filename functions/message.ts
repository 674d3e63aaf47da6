import { Buffer } from 'node:buffer'
import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2, Context } from 'aws-lambda'
import { answerMessage } from '#shared/pipeline/sockets/answer-message.ts'
import { catalog, gateway, requestStats, store, subscriptions } from './compose.ts'

/** Time kept back from the function's own limit to settle what could not be sent, in milliseconds. */
const RESERVE_MS = 2000

/** Every message of a client: subscribe, unsubscribe, ping, refresh. */
export async function handler(
  event: APIGatewayProxyWebsocketEventV2,
  context: Context,
): Promise<APIGatewayProxyResultV2> {
  const text = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString()
  const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS
  await answerMessage(event.requestContext.connectionId, text, deadline, {
    store,
    subscriptions,
    gateway,
    catalog,
    requestStats,
  })
  return { statusCode: 200 }
}
