/** The settings that functions are composed from. Nothing listens there, so a test must not call what it composes. */
export const exampleEnvironment = {
  LOG_TABLE: 'log',
  CLAIMS_TABLE: 'claims',
  CONNECTIONS_TABLE: 'connections',
  SUBSCRIPTIONS_TABLE: 'subscriptions',
  DEAD_LETTERS_TABLE: 'dead-letters',
  VIEWS_TABLE: 'views',
  KEYS_TABLE: 'keys',
  GATEWAY_ENDPOINT: 'http://127.0.0.1:9/gateway',
  KAFKA_BROKERS: '127.0.0.1:9',
  RECORD_SECRETS: 'example-record-secret',
  TOKEN_ISSUER: 'http://127.0.0.1:9/pool',
  USER_POOL_CLIENT_ID: 'client',
  USER_POOL_ID: 'pool',
  STATS_FUNCTION: 'stats',
  AUDIT_FUNCTION: 'audit',
  RATE_LIMITS: 'off',
}
