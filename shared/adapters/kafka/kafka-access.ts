import type { AuthenticationProviderArgs, KafkaConfig, Mechanism } from 'kafkajs'
import plain from 'kafkajs/src/broker/saslAuthenticator/plain.js'
import scram256 from 'kafkajs/src/broker/saslAuthenticator/scram256.js'
import scram512 from 'kafkajs/src/broker/saslAuthenticator/scram512.js'
import * as z from 'zod'
import type { AwsSettings } from '#shared/adapters/aws/aws-settings.ts'
import { cachedSecret } from '#shared/adapters/secrets/cached-secret.ts'
import type { Secret } from '#shared/adapters/secrets/secrets-manager.ts'
import { bearerMechanism } from './bearer-mechanism.ts'
import { iamToken } from './iam-token.ts'

const BY_PASSWORD = { plain, 'scram-sha-256': scram256, 'scram-sha-512': scram512 } as const

/** How a client proves who it is. `none` is without TLS too, and is for the broker of the local stack. */
export type KafkaAuth = 'none' | 'iam' | keyof typeof BY_PASSWORD

/** The Kafka of a stage, as its environment names it. */
export type KafkaSettings = {
  readonly brokers: string[]
  readonly auth: KafkaAuth
  /** The secret with the user name and the password, for all but `none` and `iam`. */
  readonly secretArn: string
  /** What the names of the topics begin with in Kafka. Inside Tidewire they do not. */
  readonly topicPrefix: string
}

/** What every adapter needs to reach Kafka. */
export type KafkaAccess = Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl' | 'clientId'> & {
  readonly topicPrefix?: string
  /**
   * For how long a connection may be used, in milliseconds; without it for ever. A token ends, and a broker that is told
   * of another one on an open connection may refuse it: a new connection has none of these troubles
   * (https://github.com/aws/aws-msk-iam-sasl-signer-js/issues/21).
   */
  readonly lastsMs?: number
}

type AccessDeps = {
  readonly clientId: string
  readonly readSecret: (arn: string) => Promise<Secret>
  readonly aws: AwsSettings
  readonly now: () => number
}

/** Two thirds of a token's life. */
const CONNECTION_LASTS_MS = 600_000

/**
 * Returns how to reach the Kafka of a stage: over TLS unless `auth` is `none`, with a token or with the password that the
 * secret has when a connection opens.
 */
export function kafkaAccess(settings: KafkaSettings, deps: AccessDeps): KafkaAccess {
  const { brokers, auth, topicPrefix } = settings
  const { clientId } = deps
  if (auth === 'none') return { brokers, topicPrefix, clientId }
  const sasl = auth === 'iam' ? withToken(deps) : withPassword(auth, settings, deps)
  return { brokers, topicPrefix, clientId, ssl: true, sasl, lastsMs: CONNECTION_LASTS_MS }
}

/** A token is made for each authentication, and none is kept: a frozen sandbox would not notice that it ended. */
function withToken({ aws, now }: AccessDeps): Mechanism {
  const { AWS_REGION: region = 'local', AWS_ACCESS_KEY_ID = 'local', AWS_SECRET_ACCESS_KEY = 'local' } = aws
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: aws.AWS_SESSION_TOKEN,
  }
  return bearerMechanism(() => iamToken({ credentials, region, now: now() }))
}

function withPassword(
  mechanism: keyof typeof BY_PASSWORD,
  { secretArn }: KafkaSettings,
  deps: AccessDeps,
): Mechanism {
  const user = userOf(secretArn, deps)
  const authenticate = async (connection: AuthenticationProviderArgs) => {
    const { username, password } = await user.read()
    try {
      await BY_PASSWORD[mechanism]({ username, password })(connection).authenticate()
    } catch (error) {
      user.refuse()
      throw error
    }
  }
  return {
    mechanism,
    authenticationProvider: (connection) => ({ authenticate: () => authenticate(connection) }),
  }
}

/** Connections that open at about the same time share one reading of the secret. */
const FRESH_MS = 60_000

const userSchema = z.object({ username: z.string().min(1), password: z.string().min(1) })

/** The user of a secret. After a broker refused it, it is read again: it may have been rotated. */
function userOf(secretArn: string, { readSecret, now }: AccessDeps) {
  const secret = cachedSecret(() => readSecret(secretArn), { now, freshMs: FRESH_MS })
  let refused: number | null = null
  return {
    refuse() {
      refused = now()
    },
    async read() {
      const { value } = await (refused === null ? secret.current() : secret.noOlderThan(now() - refused - 1))
      const result = userSchema.safeParse(parseJson(value))
      if (result.success) return result.data
      throw new Error(`The secret ${secretArn} must be {"username": "…", "password": "…"}.`)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // the message of the parser would quote the secret
  }
}
