import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import { answerInTime } from '#shared/adapters/lambda/answer-in-time.ts'
import type { SubscriptionStore } from '#shared/pipeline/ports.ts'
import type { RequestStats } from '#shared/pipeline/stats/stats.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { openTables, statsRequest, subscriptionShards, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type DisconnectDeps = Measured & {
  readonly subscriptions: Pick<SubscriptionStore, 'removeConnection'>
  readonly requestStats: RequestStats
}

export function composeDisconnect(env: Environment): DisconnectDeps {
  const tables = openTables(env)
  const shards = subscriptionShards(tables)
  return {
    subscriptions: shards.of(0),
    requestStats: statsRequest(tables, shards),
    telemetry: telemetryOf(env, 'disconnect'),
  }
}

/**
 * `$disconnect`, which the gateway sends at best effort: forgets the connection and its subscriptions. If that takes too
 * long they expire (docs/architecture.md, I7).
 */
export function createDisconnect({ subscriptions, requestStats, telemetry }: DisconnectDeps) {
  const handle = async (
    event: Pick<APIGatewayProxyWebsocketEventV2, 'requestContext'>,
  ): Promise<APIGatewayProxyResultV2> => {
    await subscriptions.removeConnection(event.requestContext.connectionId)
    await requestStats()
    return { statusCode: 200 }
  }
  return answerInTime(handle, { late: () => ({ statusCode: 503 }), telemetry })
}

export const handler = createDisconnect(composeDisconnect(readEnvironment(process.env)))
