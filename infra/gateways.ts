import type { Resource, Template, Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'

type Shares = Readonly<Record<string, number>>

/**
 * The share of the stage's requests per second that each route may use. HTTP, sockets and posts to sockets share one quota
 * of the account, and a request counts before anybody knows who sends it: together the routes must leave deliveries their
 * part (gateways.test.ts adds them up). A route that has no line has `OTHER_SHARE`. The limits of each caller are others
 * (docs/limits.md).
 */
export const HTTP_SHARES: Shares = {
  'POST /events': 0.1,
  // What has no route of its own: all reads.
  $default: 0.1,
  'POST /events/{id}/{move}': 0.03,
  'POST /webhooks/{source}': 0.02,
  'OPTIONS /webhooks/{source}': 0.002,
  'GET /webhooks/{source}': 0.002,
  'HEAD /webhooks/{source}': 0.002,
  'GET /health': 0.005,
}
export const OTHER_SHARE = 0.005
export const SOCKET_SHARES: Shares = {
  $connect: 0.02,
  $disconnect: 0.03,
  $default: 0.05,
  ping: 0.05,
  unsubscribe: 0.01,
  refresh: 0.01,
}

/** The routes of `HTTP_SHARES` as the framework calls them. A stage can only have settings of routes that exist. */
const ROUTE_IDS = [
  'HttpApiRoutePostEvents',
  'HttpApiRouteDefault',
  'HttpApiRoutePostEventsIdVarMoveVar',
  'HttpApiRoutePostWebhooksSourceVar',
  'HttpApiRouteOptionsWebhooksSourceVar',
  'HttpApiRouteGetWebhooksSourceVar',
  'HttpApiRouteHeadWebhooksSourceVar',
  'HttpApiRouteGetHealth',
]

/** Each function of the sockets with its routes. */
const SOCKET_FUNCTIONS = { Connect: '$connect', Disconnect: '$disconnect', Message: '*' }

/** What the deployment adds to the two gateways: throttles, and that only the stage's own gateway invokes its functions. */
export function gateways(deployment: Deployment): Template {
  if (deployment.isLocal) return {}
  const { stage, gatewayRate, settings } = deployment
  return {
    Resources: {
      HttpApiStage: throttled(HTTP_SHARES, gatewayRate),
      WebsocketsDeploymentStage: throttled(SOCKET_SHARES, gatewayRate),
    },
    Outputs: {
      ApiUrl: {
        Description: 'The address of the HTTP API',
        Value: { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] },
      },
      // Where sockets have an address of their own, the page says it (infra/web.ts).
      ...(!settings.socketUrl && {
        SocketUrl: {
          Description: 'The address of the sockets',
          Value: {
            'Fn::Sub': `wss://\${WebsocketsApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/${stage}`,
          },
        },
      }),
    },
    extensions: {
      HttpApiStage: { DependsOn: ROUTE_IDS },
      ...permissions(stage),
    },
  }
}

function throttled(shares: Shares, rate: number): Resource {
  const settings = Object.entries(shares).map(([route, share]) => [route, throttle(share * rate)] as const)
  return {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: {
      DefaultRouteSettings: throttle(OTHER_SHARE * rate),
      RouteSettings: Object.fromEntries(settings),
    },
  }
}

/** Requests per second, and how many may come at once. */
function throttle(rate: number): Readonly<Record<string, number>> {
  return {
    ThrottlingRateLimit: Math.max(1, Math.round(rate)),
    ThrottlingBurstLimit: Math.max(5, Math.round(rate / 2)),
  }
}

/** The framework lets every gateway of every account invoke the functions of sockets. */
function permissions(stage: string): Readonly<Record<string, Partial<Resource>>> {
  const entries = Object.entries(SOCKET_FUNCTIONS).map(([name, route]) => {
    const SourceArn: Value = {
      'Fn::Sub': `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${WebsocketsApi}/${stage}/${route}`,
    }
    return [`${name}LambdaPermissionWebsockets`, { Properties: { SourceArn } }] as const
  })
  return Object.fromEntries(entries)
}
