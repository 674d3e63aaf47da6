import * as z from 'zod'
import type { Retention } from '#shared/core/retention.ts'
import {
  MAPPING_PARAMETERS,
  type MappingSettings,
  mappingFields,
  mappingSettings,
} from './mapping-settings.ts'
import { readOrigins } from './read-origins.ts'
import { readRetention } from './read-retention.ts'

/** The Kafka of a stage. */
export type KafkaChoice =
  /** The broker of the local stack. */
  | { readonly kind: 'local' }
  /** An MSK Serverless cluster that the stage creates; it takes IAM only. */
  | { readonly kind: 'serverless' }
  /** A provisioned MSK cluster that the stage creates. */
  | {
      readonly kind: 'provisioned'
      readonly auth: 'iam' | 'scram'
      readonly instanceType: string
      /** Gibibytes of each broker. */
      readonly storage: number
    }
  /**
   * An MSK cluster that exists. With `scram`, `secretArn` is the Secrets Manager secret of the user. Without `brokers`
   * MSK is asked for their addresses when the stage is deployed.
   */
  | {
      readonly kind: 'existing'
      readonly arn: string
      readonly brokers: string | null
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
  /** A VPC with a subnet in each of the zones: a name, or null for the next one of the region. */
  | { readonly kind: 'created'; readonly zones: readonly (string | null)[] }
  | {
      readonly kind: 'given'
      /** Null if the stage makes no security group in it. */
      readonly vpcId: string | null
      readonly subnetIds: readonly string[]
      /** The groups of the functions, which the brokers let in. Without them the stage makes one. */
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
  /** The partitions of a topic that the stage creates. */
  readonly partitions: number
  /** What the names of the topics begin with in Kafka, so that two stages can share a cluster. */
  readonly topicPrefix: string
  readonly kafka: KafkaChoice
  readonly network: NetworkChoice
  readonly mappings: MappingSettings
  readonly shards: number
  /** Whether tables and user pool refuse to be deleted, and keep backups of every second. */
  readonly isProtected: boolean
  readonly retention: Retention
  readonly allowedOrigins: readonly string[]
  /** The web page's own domain with its certificate, which must be in us-east-1, or null. */
  readonly webDomain: { readonly name: string; readonly certificateArn: string } | null
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
  'brokerType',
  'brokerStorage',
  'topicPrefix',
  'vpc',
  'subnets',
  'securityGroups',
  'zones',
  ...MAPPING_PARAMETERS,
  'shards',
  'protect',
  'retention',
  'allowedOrigins',
  'webDomain',
  'webCertificate',
  'socketUrl',
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

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-msk-cluster-ebsstorageinfo.html */
const MOST_STORAGE = 16_384

const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function wholeNumber(most: number, unit = '') {
  const problem = `must be a whole number${unit} from 1 to ${most}`
  return z.coerce.number(problem).int(problem).min(1, problem).max(most, problem)
}

const KINDS = ['serverless', 'provisioned', 'existing', 'external'] as const
const text = z.coerce.string().trim().default('')
const optional = text.transform((value) => (value === '' ? null : value))
const schema = z.looseObject({
  kafka: text,
  kafkaArn: text,
  kafkaBrokers: text,
  kafkaAuth: text,
  kafkaSecret: text,
  brokerType: z.coerce
    .string()
    .regex(/^(kafka|express)\.[a-z0-9]+\.[a-z0-9]+$/, 'must be a type of brokers, such as kafka.m7g.large')
    .default('kafka.m7g.large'),
  brokerStorage: wholeNumber(MOST_STORAGE, ' of gibibytes').default(100),
  topicPrefix: text,
  vpc: text,
  subnets: text.transform(list),
  securityGroups: text.transform(list),
  zones: text.transform(list),
  ...mappingFields,
  shards: wholeNumber(MOST_SHARDS).default(1),
  protect: z.enum(['auto', 'true', 'false'], 'must be auto, true or false').default('auto'),
  retention: text,
  allowedOrigins: text,
  webDomain: text,
  webCertificate: text,
  socketUrl: text.refine(
    (url) => url === '' || /^wss:\/\/[\w.-]+(?::\d+)?(?:\/|$)/.test(url),
    'must be an address such as wss://live.example.com',
  ),
  alarmEmail: optional,
  adminEmail: optional,
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
  const kafka: KafkaChoice = isLocal ? { kind: 'local' } : readKafka(values, stage)
  const network = isLocal ? null : readNetwork(values, kafka)
  const isShared = kafka.kind === 'existing' || kafka.kind === 'external'
  const names = [...SETTINGS, 'recordSecrets', 'recordsSignedSince']
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
    retention: await readRetention(values.retention),
    allowedOrigins: readOrigins(values.allowedOrigins),
    webDomain: readWebDomain(values),
    alarmEmail: values.alarmEmail,
    adminEmail: values.adminEmail,
    settings: Object.fromEntries(names.map((name) => [name, String(present[name] ?? '')])),
  }
}

/** Which Kafka the parameters are of: an ARN is that of an MSK cluster, and brokers alone are those of any other. */
function kindOf({ kafka, kafkaArn, kafkaBrokers }: Values): string {
  if (kafka !== '') return kafka
  if (kafkaArn !== '') return 'existing'
  return kafkaBrokers === '' ? '' : 'external'
}

function readKafka(values: Values, stage: string): KafkaChoice {
  const { kafkaArn, kafkaBrokers, kafkaAuth, kafkaSecret } = values
  const kind = kindOf(values)
  switch (kind) {
    case 'serverless':
      if (kafkaAuth !== '' && kafkaAuth !== 'iam')
        throw new Error(`kafka=serverless takes kafkaAuth=iam only, not ${JSON.stringify(kafkaAuth)}`)
      return { kind }
    case 'provisioned': {
      if (kafkaSecret !== '')
        throw new Error(
          'kafka=provisioned creates the secret of its user: use kafkaAuth=scram without kafkaSecret',
        )
      return {
        kind,
        auth: mskAuth(kafkaAuth),
        instanceType: values.brokerType,
        storage: values.brokerStorage,
      }
    }
    case 'existing': {
      if (!/^arn:[\w-]+:kafka:[\w-]+:\d{12}:cluster\/[^/]+\/[\w-]+$/.test(kafkaArn))
        throw new Error('kafka=existing needs the ARN of the cluster: --param="kafkaArn=arn:aws:kafka:…"')
      // A secret has a user in it, and IAM has none.
      const auth = mskAuth(kafkaAuth || (kafkaSecret === '' ? 'iam' : 'scram'))
      if (auth === 'scram' && kafkaSecret === '')
        throw new Error(
          'kafkaAuth=scram needs the secret of the user: --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      if (auth === 'iam' && kafkaSecret !== '')
        throw new Error('kafkaAuth=iam has no secret: leave kafkaSecret out, or use kafkaAuth=scram')
      return {
        kind,
        arn: kafkaArn,
        brokers: kafkaBrokers === '' ? null : readBrokers(kafkaBrokers),
        auth,
        secretArn: kafkaSecret === '' ? null : readSecretArn(kafkaSecret),
      }
    }
    case 'external': {
      if (kafkaBrokers === '' || kafkaSecret === '')
        throw new Error(
          'kafka=external needs --param="kafkaBrokers=host:9092,…" and, for user name and password, --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      return {
        kind,
        brokers: readBrokers(kafkaBrokers),
        auth: externalAuth(kafkaAuth),
        secretArn: readSecretArn(kafkaSecret),
      }
    }
    default:
      throw new Error(
        `The stage ${stage} needs a Kafka: --param="kafka=${KINDS.join('|')}" (docs/deploy.md); it is ${kind === '' ? 'not set' : JSON.stringify(kind)}.`,
      )
  }
}

function readBrokers(text: string): string {
  const brokers = list(text)
  const wrong = brokers.find((broker) => !/^[\w.-]+:\d{1,5}$/.test(broker))
  if (wrong !== undefined || brokers.length === 0)
    throw new Error(
      `kafkaBrokers: ${JSON.stringify(wrong ?? text)} is not host:port, such as b-1.example.com:9096`,
    )
  return brokers.join(',')
}

function readSecretArn(text: string): string {
  if (/^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+$/.test(text)) return text
  throw new Error('kafkaSecret must be the ARN of a secret, such as arn:aws:secretsmanager:…:secret:…')
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

function readNetwork({ vpc, subnets, securityGroups, zones }: Values, kafka: KafkaChoice): NetworkChoice {
  const { kind } = kafka
  const isCreated = kind === 'serverless' || kind === 'provisioned'
  if (vpc === '' && subnets.length === 0) {
    if (securityGroups.length > 0) throw new Error('securityGroups needs --param="subnets=subnet-…,subnet-…"')
    if (kind === 'existing')
      throw new Error(
        'kafka=existing needs the network of the cluster: --param="subnets=subnet-…,subnet-…" --param="securityGroups=sg-…", groups that the brokers let in',
      )
    return isCreated ? { kind: 'created', zones: readZones(zones, kafka) } : null
  }
  if (zones.length > 0)
    throw new Error('zones is for a VPC that the stage creates: leave it out, the subnets say it')
  if (subnets.length === 0)
    throw new Error('vpc needs --param="subnets=subnet-…,subnet-…", in two zones at least')
  if (isCreated) assertZones('subnets, each in a zone of its own', subnets, kafka)
  if (kind === 'existing' && securityGroups.length === 0)
    throw new Error('kafka=existing needs --param="securityGroups=sg-…", groups that the brokers let in')
  if (vpc === '' && (isCreated || securityGroups.length === 0))
    throw new Error('subnets needs --param="vpc=vpc-…", where the stage makes a security group')
  return {
    kind: 'given',
    vpcId: vpc === '' ? null : vpc,
    subnetIds: subnets,
    securityGroupIds: securityGroups,
  }
}

function readZones(names: readonly string[], kafka: KafkaChoice): readonly (string | null)[] {
  if (names.length > 0) assertZones('zones of the region', names, kafka)
  return names.length > 0 ? names : Array.from({ length: usualZones(kafka) }, () => null)
}

/** MSK Serverless is content with two zones. A topic of provisioned brokers has a replica in each of three. */
function usualZones({ kind }: KafkaChoice): number {
  return kind === 'serverless' ? 2 : 3
}

function assertZones(what: string, names: readonly string[], kafka: KafkaChoice): void {
  // https://docs.aws.amazon.com/msk/latest/developerguide/msk-broker-types-express.html
  const isExpress = kafka.kind === 'provisioned' && kafka.instanceType.startsWith('express.')
  if (names.length === 3 || (names.length === 2 && !isExpress)) {
    if (new Set(names).size === names.length) return
  }
  throw new Error(
    `kafka=${kafka.kind} needs ${isExpress ? 'three' : 'two or three'} ${what}, not "${names.join(',')}"`,
  )
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
