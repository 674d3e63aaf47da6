import * as z from 'zod'
import { SHARD_LIMIT } from '#shared/core/limits.ts'
import type { Retention } from '#shared/core/retention.ts'
import { items, optionalEmail, text, wholeNumber } from './parameters/fields.ts'
import {
  MAPPING_PARAMETERS,
  type MappingSettings,
  mappingFields,
  mappingSettings,
} from './parameters/mapping-settings.ts'
import { type ArchiveChoice, archiveFields, readArchive } from './parameters/read-archive.ts'
import { type Concurrency, readConcurrency } from './parameters/read-concurrency.ts'
import { type KafkaChoice, kafkaFields, readKafka } from './parameters/read-kafka.ts'
import { type NetworkChoice, networkFields, readNetwork } from './parameters/read-network.ts'
import { readOrigins } from './parameters/read-origins.ts'
import { readRetention } from './read-retention.ts'

/** A stage, from its parameters. */
export type Deployment = {
  readonly service: string
  readonly stage: string
  /** `<service>-<stage>`, which the names of the stage begin with. */
  readonly prefix: string
  readonly isLocal: boolean
  /** The topics of all domains, as the domains name them. */
  readonly topics: readonly string[]
  /** The partitions of a topic that the stage creates. */
  readonly partitions: number
  /** What the names of the topics begin with in Kafka, so that two stages can share a cluster. */
  readonly topicPrefix: string
  readonly kafka: KafkaChoice
  readonly network: NetworkChoice
  readonly mappings: MappingSettings
  readonly shards: number
  /** Whether tables and user pool refuse to be deleted, keep backups of every second, and outlive the stage. */
  readonly isProtected: boolean
  readonly concurrency: Concurrency
  /** The requests per second of the account's quota that the stage may use, those of its deliveries among them. */
  readonly gatewayRate: number
  /** Whether users may or must sign in with codes of an authenticator app besides their password. */
  readonly mfa: 'off' | 'optional' | 'required'
  readonly retention: Retention
  /** The copy of the log in S3, or null. */
  readonly archive: ArchiveChoice
  readonly allowedOrigins: readonly string[]
  /** The web page's own domain with its certificate, which must be in us-east-1, or null. */
  readonly webDomain: { readonly name: string; readonly certificateArn: string } | null
  /** Where alarms are sent, or null. */
  readonly alarmEmail: string | null
  /** The ARNs of the alarms that take an update back. */
  readonly rollbackAlarms: readonly string[]
  /** Whether the messages of sockets are in an access log. */
  readonly hasSocketLogs: boolean
  /** The first administrator, who gets an invitation, or null. */
  readonly adminEmail: string | null
  /** The parameters that functions get as they are, by name. */
  readonly settings: Readonly<Record<string, string>>
}

/** The parameters of serverless.yml that make a deployment. */
export const PARAMETERS = [
  ...(Object.keys(kafkaFields) as (keyof typeof kafkaFields)[]),
  'topicPrefix',
  ...(Object.keys(networkFields) as (keyof typeof networkFields)[]),
  ...MAPPING_PARAMETERS,
  'shards',
  'protect',
  'concurrency',
  'gatewayRate',
  'mfa',
  'retention',
  ...(Object.keys(archiveFields) as (keyof typeof archiveFields)[]),
  'allowedOrigins',
  'webDomain',
  'webCertificate',
  'socketUrl',
  'alarmEmail',
  'adminEmail',
  'recordsSignedSince',
  'unknownTypes',
  'connectionsPerUser',
  'connectionsPerKey',
  'rateLimits',
  'logLevel',
] as const

const MOST_RATE = 1_000_000

const schema = z.looseObject({
  ...kafkaFields,
  topicPrefix: text,
  ...networkFields,
  ...mappingFields,
  shards: wholeNumber(SHARD_LIMIT).default(1),
  concurrency: text,
  gatewayRate: wholeNumber(MOST_RATE, ' of requests per second').default(10_000),
  mfa: z.enum(['off', 'optional', 'required'], 'must be off, optional or required').default('off'),
  protect: z.enum(['auto', 'true', 'false'], 'must be auto, true or false').default('auto'),
  retention: text,
  ...archiveFields,
  allowedOrigins: text,
  webDomain: text,
  webCertificate: text,
  socketUrl: text.refine(
    (url) => url === '' || /^wss:\/\/[\w.-]+(?::\d+)?(?:\/|$)/.test(url),
    'must be an address such as wss://live.example.com',
  ),
  alarmEmail: optionalEmail,
  rollbackAlarms: items.refine((arns) => arns.length <= 5, 'must be at most five ARNs'),
  socketLogs: z.enum(['true', 'false'], 'must be true or false').default('false'),
  adminEmail: optionalEmail,
})

type Values = z.infer<typeof schema>
type Place = Pick<Deployment, 'service' | 'stage' | 'topics' | 'partitions'>

const SETTINGS = [
  'retention',
  'unknownTypes',
  'connectionsPerUser',
  'connectionsPerKey',
  'rateLimits',
  'logLevel',
  'socketUrl',
] as const

/** Reads the parameters of a stage. Throws an error with a line for each one that is missing or wrong. */
export async function readDeployment(
  given: Readonly<Record<string, unknown>>,
  { service, stage, topics, partitions }: Place,
): Promise<Deployment> {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const result = schema.safeParse(present)
  if (!result.success)
    throw new Error(
      result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    )
  const values = result.data
  const isLocal = stage === 'local'
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage) || stage.endsWith('-'))
    throw new Error(
      `The stage ${JSON.stringify(stage)} must be a lower-case letter and up to 19 more, digits or hyphens: names in AWS have it`,
    )
  const kafka: KafkaChoice = isLocal ? { kind: 'local' } : readKafka(values, stage)
  const network = isLocal ? null : readNetwork(values, kafka)
  const isShared = kafka.kind === 'existing' || kafka.kind === 'external'
  const names = [...SETTINGS, 'recordsSignedSince']
  return {
    service,
    stage,
    prefix: `${service}-${stage}`,
    isLocal,
    topics,
    partitions,
    topicPrefix: values.topicPrefix === 'auto' ? (isShared ? `${stage}.` : '') : values.topicPrefix,
    kafka,
    network,
    mappings: mappingSettings(values, kafka.kind !== 'external' || network !== null),
    shards: values.shards,
    isProtected: values.protect === 'auto' ? stage === 'prod' : values.protect === 'true',
    concurrency: readConcurrency(values.concurrency, stage),
    gatewayRate: values.gatewayRate,
    mfa: values.mfa,
    retention: await readRetention(values.retention),
    archive: isLocal ? null : readArchive(values),
    allowedOrigins: readOrigins(values.allowedOrigins),
    webDomain: readWebDomain(values),
    alarmEmail: values.alarmEmail,
    rollbackAlarms: values.rollbackAlarms,
    hasSocketLogs: values.socketLogs === 'true',
    adminEmail: values.adminEmail,
    settings: Object.fromEntries(names.map((name) => [name, String(present[name] ?? '')])),
  }
}

function readWebDomain({ webDomain: name, webCertificate: certificateArn }: Values): Deployment['webDomain'] {
  if (name === '' && certificateArn === '') return null
  if (
    !/^(?=.*\.)[a-z0-9.-]+$/.test(name) ||
    !/^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/[\w-]+$/.test(certificateArn)
  )
    throw new Error(
      'webDomain needs a name in lower case and its certificate in us-east-1, where CloudFront looks for it: --param="webDomain=live.example.com" --param="webCertificate=arn:aws:acm:us-east-1:…"',
    )
  return { name, certificateArn }
}
