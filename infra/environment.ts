import type { Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { kafkaEnvironment } from './kafka.ts'
import { TABLES, type TableKey, tableName } from './storage/tables.ts'

/** The environment of every function. Nothing in it is secret, because a template can be read by many. */
export function environmentOf(deployment: Deployment): Readonly<Record<string, Value>> {
  const { prefix, stage, isLocal, shards, settings } = deployment
  const tables = (Object.keys(TABLES) as TableKey[]).map((key) => [
    TABLES[key].variable,
    tableName(key, deployment),
  ])
  return {
    ...Object.fromEntries(tables),
    ...kafkaEnvironment(deployment),
    GATEWAY_ENDPOINT: {
      'Fn::Sub': `https://\${WebsocketsApi}.execute-api.\${AWS::Region}.amazonaws.com/${stage}`,
    },
    // The accepted issuer of tokens; its keys are at <issuer>/.well-known/jwks.json.
    TOKEN_ISSUER: { 'Fn::GetAtt': ['UserPool', 'ProviderURL'] },
    USER_POOL_CLIENT_ID: { Ref: 'UserPoolClient' },
    USER_POOL_ID: { Ref: 'UserPool' },
    RECORD_SECRET_ARN: isLocal ? '' : { Ref: 'RecordSecret' },
    WEBHOOK_SECRETS_ARN: isLocal ? '' : { Ref: 'WebhookSecrets' },
    RECORDS_SIGNED_SINCE: settings.recordsSignedSince ?? '',
    RETENTION: settings.retention ?? '',
    UNKNOWN_TYPES: settings.unknownTypes ?? '',
    CONNECTIONS_PER_USER: settings.connectionsPerUser ?? '',
    CONNECTIONS_PER_KEY: settings.connectionsPerKey ?? '',
    RATE_LIMITS: settings.rateLimits ?? '',
    SHARDS: String(shards),
    STAGE: stage,
    LOG_LEVEL: settings.logLevel ?? '',
    STATS_FUNCTION: `${prefix}-stats`,
    AUDIT_FUNCTION: `${prefix}-audit`,
    REPLAY_RECORDS_FUNCTION: `${prefix}-replay-records`,
    REPLAY_EVENTS_FUNCTION: `${prefix}-replay-events`,
  }
}
