import type { Resource, Template } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'

const KEPT_DAYS = 30

// A query string is in no line: it may have a ticket. `requestId` and `connectionId` are `request_id` and `connection_id` of
// the functions' lines. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
const COMMON = {
  time: '$context.requestTime',
  request_id: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  ip: '$context.identity.sourceIp',
  integration_latency: '$context.integrationLatency',
}

const HTTP = {
  ...COMMON,
  method: '$context.httpMethod',
  path: '$context.path',
  protocol: '$context.protocol',
  bytes: '$context.responseLength',
  latency: '$context.responseLatency',
  user_agent: '$context.identity.userAgent',
  integration_status: '$context.integrationStatus',
  error: '$context.integrationErrorMessage',
}

const SOCKETS = {
  ...COMMON,
  event: '$context.eventType',
  connection_id: '$context.connectionId',
  integration_status: '$context.integrationStatus',
  error: '$context.error.responseType',
}

/**
 * A line of JSON for each request of the HTTP API, and with `socketLogs` for each message of the WebSocket API. The latter is
 * off by default: API Gateway then needs a role of the account, which all stages and APIs of a region share
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html).
 */
export function accessLogs({ prefix, isLocal, hasSocketLogs }: Deployment): Template {
  if (isLocal) return {}
  return {
    Resources: {
      HttpAccessLog: logGroup(`/aws/http-api/${prefix}`),
      ...(hasSocketLogs && { SocketAccessLog: logGroup(`/aws/websocket-api/${prefix}`) }),
    },
    extensions: {
      HttpApiStage: withLog('HttpAccessLog', HTTP),
      ...(hasSocketLogs && { WebsocketsDeploymentStage: withLog('SocketAccessLog', SOCKETS) }),
    },
  }
}

function logGroup(name: string): Resource {
  return {
    Type: 'AWS::Logs::LogGroup',
    Properties: { LogGroupName: name, RetentionInDays: KEPT_DAYS },
  }
}

function withLog(group: string, format: Readonly<Record<string, string>>): Partial<Resource> {
  return {
    Properties: {
      AccessLogSettings: { DestinationArn: { 'Fn::GetAtt': [group, 'Arn'] }, Format: JSON.stringify(format) },
    },
  }
}
