import * as z from 'zod'
import type { Retention } from '#shared/core/retention.ts'
import { readOrigins } from './read-origins.ts'
import { readRetention } from './read-retention.ts'

/** The Kafka of a stage. */
export type KafkaChoice =
  /** The broker of the local stack. */
  | { readonly kind: 'local' }
  /** An MSK Serverless cluster that the stage creates; it takes IAM only. */
  | { readonly kind: 'serverless' }
  /** A provisioned MSK cluster that the stage creates. */
  | { readonly kind: 'provisioned'; readonly auth: 'iam' | 'scram' }
  /** An MSK cluster that exists. With `scram`, `secretArn` is the Secrets Manager secret of the user. */
  | {
      readonly kind: 'existing'
      readonly arn: string
      readonly auth: 'iam' | 'scram'
      readonly secretArn: string | null
    }
  /** Any Kafka that is reached over TLS with SASL: Confluent, Redpanda, or one's own. */
  | {
      readonly kind: 'external'
      readonly brokers: string
      readonly auth: 'scram-sha-256' | 'scram-sha-512' | 'plain'
      readonly secretArn: string
    }

/** Where the functions run that reach Kafka: null is outside a VPC. */
export type NetworkChoice =
  | null
  | { readonly kind: 'created' }
  | {
      readonly kind: 'given'
      readonly vpcId: string
      readonly subnetIds: readonly string[]
      /** Groups that the brokers let in. Without them the stage makes one, which the brokers must be told of. */
      readonly securityGroupIds: readonly string[]
    }

/** A stage, from its parameters. */
export type Deployment = {
  readonly service: string
  readonly stage: string
  /** `<service>-<stage>`, which the names of the stage begin with. */
  readonly prefix: string
  readonly isLocal: boolean
  /** The topics of all domains, as the domains name them. */
  readonly topics: readonly string[]
  /** What the names of the topics begin with in Kafka, so that two stages can share a cluster. */
  readonly topicPrefix: string
  readonly kafka: KafkaChoice
  readonly network: NetworkChoice
  /** `provisioned` pollers are always there; those `on-demand` cost nothing while idle, and are slower. */
  readonly pollers: 'provisioned' | 'on-demand'
  readonly shards: number
  /** Whether tables and user pool refuse to be deleted, and keep backups of every second. */
  readonly isProtected: boolean
  readonly retention: Retention
  readonly allowedOrigins: readonly string[]
  /** Where alarms are sent, or null. */
  readonly alarmEmail: string | null
  /** The first administrator, who gets an invitation, or null. */
  readonly adminEmail: string | null
  /** The parameters that functions get as they are, by name. */
  readonly settings: Readonly<Record<string, string>>
}

/** The parameters of serverless.yml that make a deployment. */
export const PARAMETERS = [
  'kafka',
  'kafkaArn',
  'kafkaBrokers',
  'kafkaAuth',
  'kafkaSecret',
  'topicPrefix',
  'vpc',
  'subnets',
  'securityGroups',
  'pollers',
  'shards',
  'protect',
  'retention',
  'allowedOrigins',
  'alarmEmail',
  'adminEmail',
  'recordSecrets',
  'recordsSignedSince',
  'unknownTypes',
  'connectionsPerUser',
  'connectionsPerKey',
  'rateLimits',
  'logLevel',
] as const

/** Shards that a template has room for; infra/triggers.test.ts compares it with the limits of CloudFormation. */
export const MOST_SHARDS = 16

const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const KINDS = ['serverless', 'provisioned', 'existing', 'external'] as const
const text = z.coerce.string().trim().default('')
const optional = text.transform((value) => (value === '' ? null : value))
const schema = z.looseObject({
  kafka: text,
  kafkaArn: text,
  kafkaBrokers: text,
  kafkaAuth: text,
  kafkaSecret: text,
  topicPrefix: text,
  vpc: text,
  subnets: text.transform(list),
  securityGroups: text.transform(list),
  pollers: z.enum(['provisioned', 'on-demand'], 'must be provisioned or on-demand').default('provisioned'),
  shards: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_SHARDS, `must be a whole number from 1 to ${MOST_SHARDS}`)
    .default(1),
  protect: z.enum(['auto', 'true', 'false'], 'must be auto, true or false').default('auto'),
  retention: text,
  allowedOrigins: text,
  alarmEmail: optional,
  adminEmail: optional,
})

type Values = z.infer<typeof schema>
type Place = { readonly service: string; readonly stage: string; readonly topics: readonly string[] }

const SETTINGS = [
  'retention',
  'unknownTypes',
  'connectionsPerUser',
  'connectionsPerKey',
  'rateLimits',
  'logLevel',
] as const

/** Reads the parameters of a stage. Throws an error with a line for each one that is missing or wrong. */
export async function readDeployment(
  given: Readonly<Record<string, unknown>>,
  { service, stage, topics }: Place,
): Promise<Deployment> {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const result = schema.safeParse(present)
  if (!result.success)
    throw new Error(
      result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    )
  const values = result.data
  const isLocal = stage === 'local'
  const kafka: KafkaChoice = isLocal ? { kind: 'local' } : readKafka(values, stage)
  const isShared = kafka.kind === 'existing' || kafka.kind === 'external'
  const names = [...SETTINGS, 'recordSecrets', 'recordsSignedSince']
  return {
    service,
    stage,
    prefix: `${service}-${stage}`,
    isLocal,
    topics,
    topicPrefix: values.topicPrefix === 'auto' ? (isShared ? `${stage}.` : '') : values.topicPrefix,
    kafka,
    network: isLocal ? null : readNetwork(values, kafka),
    pollers: values.pollers,
    shards: values.shards,
    isProtected: values.protect === 'auto' ? stage === 'prod' : values.protect === 'true',
    retention: await readRetention(values.retention),
    allowedOrigins: readOrigins(values.allowedOrigins),
    alarmEmail: values.alarmEmail,
    adminEmail: values.adminEmail,
    settings: Object.fromEntries(names.map((name) => [name, String(present[name] ?? '')])),
  }
}

function readKafka(
  { kafka: kind, kafkaArn, kafkaBrokers, kafkaAuth, kafkaSecret }: Values,
  stage: string,
): KafkaChoice {
  switch (kind) {
    case 'serverless':
      return { kind }
    case 'provisioned':
      return { kind, auth: mskAuth(kafkaAuth) }
    case 'existing': {
      if (!/^arn:[\w-]+:kafka:[\w-]+:\d{12}:cluster\/[^/]+\/[\w-]+$/.test(kafkaArn))
        throw new Error('kafka=existing needs the ARN of the cluster: --param="kafkaArn=arn:aws:kafka:…"')
      const auth = mskAuth(kafkaAuth)
      if (auth === 'scram' && kafkaSecret === '')
        throw new Error(
          'kafkaAuth=scram needs the secret of the user: --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      return { kind, arn: kafkaArn, auth, secretArn: kafkaSecret || null }
    }
    case 'external': {
      if (kafkaBrokers === '' || kafkaSecret === '')
        throw new Error(
          'kafka=external needs --param="kafkaBrokers=host:9092,…" and, for user name and password, --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      return { kind, brokers: kafkaBrokers, auth: externalAuth(kafkaAuth), secretArn: kafkaSecret }
    }
    default:
      throw new Error(
        `The stage ${stage} needs a Kafka: --param="kafka=${KINDS.join('|')}" (docs/deploy.md); it is ${kind === '' ? 'not set' : JSON.stringify(kind)}.`,
      )
  }
}

function mskAuth(auth: string): 'iam' | 'scram' {
  if (auth === '' || auth === 'iam') return 'iam'
  if (auth === 'scram') return 'scram'
  throw new Error(`kafkaAuth of an MSK cluster is iam or scram, not ${JSON.stringify(auth)}`)
}

function externalAuth(auth: string): 'scram-sha-256' | 'scram-sha-512' | 'plain' {
  if (auth === '') return 'scram-sha-512'
  if (auth === 'scram-sha-256' || auth === 'scram-sha-512' || auth === 'plain') return auth
  throw new Error(
    `kafkaAuth of kafka=external is scram-sha-512, scram-sha-256 or plain, not ${JSON.stringify(auth)}`,
  )
}

function readNetwork({ vpc, subnets, securityGroups }: Values, { kind }: KafkaChoice): NetworkChoice {
  if (vpc === '') {
    if (kind === 'existing')
      throw new Error(
        'kafka=existing needs the network of the cluster: --param="vpc=vpc-…" --param="subnets=subnet-…,subnet-…"',
      )
    return kind === 'external' ? null : { kind: 'created' }
  }
  if (subnets.length === 0)
    throw new Error('vpc needs --param="subnets=subnet-…,subnet-…", in two zones at least')
  return { kind: 'given', vpcId: vpc, subnetIds: subnets, securityGroupIds: securityGroups }
}
