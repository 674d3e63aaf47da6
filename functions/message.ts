import { Buffer } from 'node:buffer'
import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2, Context } from 'aws-lambda'
import { answerMessage, type MessageDeps } from '#shared/pipeline/sockets/answer-message.ts'
import {
  catalogOf,
  eventStore,
  openTables,
  socketGateway,
  statsRequest,
  subscriptionShards,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Time kept back from the function's own limit to settle what could not be sent, in milliseconds. */
const RESERVE_MS = 2000

export function composeMessage(env: Environment): MessageDeps {
  const tables = openTables(env)
  const shards = subscriptionShards(tables)
  return {
    store: eventStore(tables),
    subscriptions: shards.of(0),
    gateway: socketGateway(env),
    catalog: catalogOf(env),
    requestStats: statsRequest(tables, shards),
  }
}

/** The routes of serverless.yml that have a route response: those of the actions with one answer. */
export const ROUTES_WITH_RESPONSE: readonly string[] = ['ping', 'unsubscribe', 'refresh']

/**
 * Every message of a client: subscribe, unsubscribe, ping, refresh. An answer is the body of the route response, which
 * costs no call of the management API; where the route has none, it is posted (docs/adr/0021).
 */
export function createMessage(deps: MessageDeps) {
  return async (
    event: Pick<APIGatewayProxyWebsocketEventV2, 'body' | 'isBase64Encoded' | 'requestContext'>,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<APIGatewayProxyResultV2> => {
    const { connectionId, routeKey } = event.requestContext
    const text = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString()
    const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS
    const answer = await answerMessage(connectionId, text, deadline, deps)
    if (answer === null) return { statusCode: 200 }
    const body = JSON.stringify(answer)
    if (ROUTES_WITH_RESPONSE.includes(routeKey)) return { statusCode: 200, body }
    await deps.gateway.post(connectionId, body, deadline)
    return { statusCode: 200 }
  }
}

export const handler = createMessage(composeMessage(readEnvironment(process.env)))
