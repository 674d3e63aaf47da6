import * as z from 'zod'
import { LONG_POLL_LIMIT, SHARD_LIMIT } from '#shared/core/limits.ts'
import { DEFAULT_RETENTION, parseRetention } from '#shared/core/retention.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { parseRates } from '#shared/pipeline/limits/rates.ts'

const text = z.string().min(1)
const SECRET_LENGTH = 16
const list = (text: string) => text.split(',').filter((item) => item !== '')

/** One secret, with every character in it; empty if there is none. */
const recordSecret = z
  .string()
  .default('')
  .refine((secret) => secret === '' || secret.length >= SECRET_LENGTH, {
    message: `must be one secret of at least ${SECRET_LENGTH} characters`,
  })

/** A setting with a syntax of its own. */
const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  })
const retention = parsed(parseRetention)
const rates = parsed(parseRates)

const shardOfFunction = z
  .string()
  .regex(/^[\w-]+=\d+$/, 'must be "<function name>=<shard>"')
  .transform((entry): [string, number] => {
    const [name = '', shard] = entry.split('=')
    return [name, Number(shard)]
  })

const variables = z.object({
  LOG_TABLE: text,
  CLAIMS_TABLE: text,
  CONNECTIONS_TABLE: text,
  SUBSCRIPTIONS_TABLE: text,
  DEAD_LETTERS_TABLE: text,
  VIEWS_TABLE: text,
  KEYS_TABLE: text,
  REPLAYS_TABLE: text,
  GATEWAY_ENDPOINT: z.url(),
  SOCKET_URL: z.union([z.literal(''), z.url()]).default(''),
  KAFKA_BROKERS: z.string().transform(list),
  KAFKA_AUTH: z.enum(['none', 'iam', 'scram-sha-512', 'scram-sha-256', 'plain']),
  KAFKA_SECRET_ARN: z.string().default(''),
  TOPIC_PREFIX: z.string().default(''),
  /** In the cloud the secret's ARN; on the local stack the secret itself, and beside it one that is accepted too. */
  RECORD_SECRET_ARN: z.string().default(''),
  RECORD_SECRET: recordSecret,
  RECORD_SECRET_2: recordSecret,
  WEBHOOK_SECRETS_ARN: z.string().default(''),
  ARCHIVE_BUCKET: z.string().default(''),
  SECRETS_ENDPOINT: z.url().optional(),
  RECORDS_SIGNED_SINCE: z
    .union([z.literal(''), z.iso.datetime({ offset: true })])
    .default('')
    .transform((text) => (text === '' ? 0 : Date.parse(text))),
  TOKEN_ISSUER: z.url(),
  USER_POOL_CLIENT_ID: text,
  USER_POOL_ID: text,
  RETENTION: retention.prefault(DEFAULT_RETENTION),
  SHARDS: z.coerce.number().int().min(1).max(SHARD_LIMIT).default(1),
  POSTS_AT_ONCE: z.coerce.number().int().min(1).max(1000).default(64),
  CONNECTIONS_PER_USER: z.coerce.number().int().min(1).default(100),
  CONNECTIONS_PER_KEY: z.coerce.number().int().min(1).default(10_000),
  RATE_LIMITS: rates.prefault(''),
  LONG_POLL: z.coerce.number().int().min(0).max(LONG_POLL_LIMIT).default(LONG_POLL_LIMIT),
  UNKNOWN_TYPES: z.enum(['accept', 'refuse']).default('accept'),
  STATS_FUNCTION: text,
  AUDIT_FUNCTION: text,
  REPLAY_RECORDS_FUNCTION: text,
  REPLAY_EVENTS_FUNCTION: text,
  LOCAL: z.literal('1').optional(),
  STAGE: text.default('dev'),
  /** Read by the logger itself. */
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  AWS_LAMBDA_FUNCTION_NAME: text.optional(),
  AWS_XRAY_DAEMON_ADDRESS: text.optional(),
  BATCH_FAILURES: z.enum(['report', 'throw']).default('report'),
  DELIVER_SHARDS: z.string().default('').transform(list).pipe(z.array(shardOfFunction)),
  DYNAMODB_ENDPOINT: z.url().optional(),
  LAMBDA_ENDPOINT: z.url().optional(),
  IDENTITY_ENDPOINT: z.url().optional(),
  WEB_URL: z.url().optional(),
  DEMO: z.literal('1').optional(),
  PUBLIC_URL: z.union([z.literal(''), z.url()]).optional(),
})

const schema = variables
  .refine(({ RECORD_SECRET_ARN: arn, RECORD_SECRET: secret }) => arn !== '' || secret !== '', {
    path: ['RECORD_SECRET_ARN'],
    message: 'must be the ARN of a secret, or RECORD_SECRET must be set',
  })
  .refine(
    ({ KAFKA_AUTH, KAFKA_SECRET_ARN }) =>
      KAFKA_AUTH === 'none' || KAFKA_AUTH === 'iam' || KAFKA_SECRET_ARN !== '',
    { path: ['KAFKA_SECRET_ARN'], message: 'must be the secret of the user: KAFKA_AUTH needs a password' },
  )

/** The settings of a function, as `readEnvironment` returns them. */
export type Environment = ReturnType<typeof readEnvironment>

/**
 * Reads the environment once. `LOCAL=1` is the local stack: it takes a key in the URL of a socket, and signs with
 * credentials of no account. It is never set in the cloud. Throws an error that lists every variable that is missing
 * or wrong.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>) {
  const result = schema.safeParse(env)
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
    throw new Error(`The environment of this function is not usable:\n${problems.join('\n')}`)
  }
  const { data } = result
  return {
    tables: {
      log: data.LOG_TABLE,
      claims: data.CLAIMS_TABLE,
      connections: data.CONNECTIONS_TABLE,
      subscriptions: data.SUBSCRIPTIONS_TABLE,
      deadLetters: data.DEAD_LETTERS_TABLE,
      views: data.VIEWS_TABLE,
      keys: data.KEYS_TABLE,
      replays: data.REPLAYS_TABLE,
    },
    gatewayEndpoint: data.GATEWAY_ENDPOINT,
    /** What clients open sockets at: the gateway's own address, unless there is another, such as a domain of one's own. */
    socketUrl: data.SOCKET_URL || data.GATEWAY_ENDPOINT.replace(/^http/, 'ws'),
    kafka: {
      brokers: data.KAFKA_BROKERS,
      auth: data.KAFKA_AUTH,
      secretArn: data.KAFKA_SECRET_ARN,
      topicPrefix: data.TOPIC_PREFIX,
    },
    /** What records are signed with: the ARN of a secret, or without one the secrets themselves. The first one signs. */
    recordSecrets: {
      arn: data.RECORD_SECRET_ARN,
      fixed: [data.RECORD_SECRET, data.RECORD_SECRET_2].filter((secret) => secret !== ''),
    },
    /** The ARN of the secret that has what senders sign with, by the names of variables; or it is empty. */
    webhookSecrets: data.WEBHOOK_SECRETS_ARN,
    secretsEndpoint: data.SECRETS_ENDPOINT,
    /** The bucket of the function `archive`; empty in all others. */
    archiveBucket: data.ARCHIVE_BUCKET,
    /** Milliseconds since the epoch: records from before are of a version that signed none (docs/adr/0029). */
    recordsSignedSince: data.RECORDS_SIGNED_SINCE,
    tokens: { issuer: data.TOKEN_ISSUER, clientId: data.USER_POOL_CLIENT_ID },
    userPool: { userPoolId: data.USER_POOL_ID, endpoint: data.IDENTITY_ENDPOINT },
    /** As it is written: what it means for views follows from their domains. */
    retention: data.RETENTION,
    shards: data.SHARDS,
    postsAtOnce: data.POSTS_AT_ONCE,
    connections: { perUser: data.CONNECTIONS_PER_USER, perKey: data.CONNECTIONS_PER_KEY },
    rates: data.RATE_LIMITS,
    longPollSeconds: data.LONG_POLL,
    unknownTypes: data.UNKNOWN_TYPES,
    dynamodbEndpoint: data.DYNAMODB_ENDPOINT,
    statsFunction: data.STATS_FUNCTION,
    auditFunction: data.AUDIT_FUNCTION,
    replayFunctions: { records: data.REPLAY_RECORDS_FUNCTION, events: data.REPLAY_EVENTS_FUNCTION },
    lambdaEndpoint: data.LAMBDA_ENDPOINT,
    publicUrl: data.PUBLIC_URL,
    aws: {
      AWS_REGION: env.AWS_REGION,
      AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY,
      AWS_SESSION_TOKEN: env.AWS_SESSION_TOKEN,
    },
    webhooks: env,
    isLocal: data.LOCAL === '1',
    telemetry: {
      stage: data.STAGE,
      /** Absent outside of Lambda, where nobody reads metrics from the output. */
      functionName: data.AWS_LAMBDA_FUNCTION_NAME,
      daemon: data.AWS_XRAY_DAEMON_ADDRESS,
    },
    /** What only the local stack has: the address of its page, and whether simulators run. */
    local: { page: data.WEB_URL, demo: data.DEMO === '1' },
    deliverShards: new Map(data.DELIVER_SHARDS),
    /** Whether a function tells its trigger which records failed, or fails as a whole because that is not read. */
    batchFailures: data.BATCH_FAILURES,
  }
}
