import { roleId } from './access/role-id.ts'
import {
  functionArn,
  functionToken,
  nameToken,
  type Resource,
  type Template,
  type Value,
} from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { connectsToKafka, vpcOfKafkaFunctions } from './functions.ts'
import { topicResource } from './kafka.ts'
import { functionSecurityGroups, privateSubnets } from './network.ts'
import type { MappingSettings } from './parameters/mapping-settings.ts'
import type { KafkaChoice } from './parameters/read-kafka.ts'
import type { NetworkChoice } from './parameters/read-network.ts'
import { ARCHIVE_BUCKET } from './storage/archive.ts'

/**
 * The functions that the topics trigger: `fold`, one `deliver` for each shard of the connections, and in a stage with an
 * archive the one that fills it, each with consumer groups of its own. A group of `deliver` has the number of shards in its name: after a change every shard reads the log
 * from its beginning once, since nobody else knows what its connections still miss. What is stored already changes
 * nothing. The stage is in the name of every group, because a group cannot be renamed, and two stages may share a cluster.
 */
type Consumer = {
  readonly key: string
  readonly handler: string
  readonly role: string
  /** What the names of its groups begin with. */
  readonly group: string
  readonly environment?: Readonly<Record<string, Value>>
  readonly timeout: number
  /** Megabytes. */
  readonly memorySize: number
  readonly mappings: MappingSettings
}

/** One CPU, because a batch is matched, framed and signed for all of its subscribers. */
const LIVE = { timeout: 60, memorySize: 1769 }
/** Half a CPU decodes and compresses the 6 MB that a batch may have in seconds, for which nobody waits. */
const ARCHIVE = { timeout: 120, memorySize: 1024 }
/** The most that Lambda takes. A longer wait makes fewer and larger files, and erases later (docs/archive.md). */
const ARCHIVE_BATCH = { batchSize: 10_000, windowSeconds: 300 }

function consumersOf(deployment: Deployment): Consumer[] {
  const { shards, prefix, mappings } = deployment
  const deliverKey = (shard: number) => (shard === 0 ? 'deliver' : `deliver${shard}`)
  const numbers = Array.from({ length: shards }, (_, shard) => shard)
  // Which shard a function has is looked up by its name: locally all of them share one process and its environment.
  const DELIVER_SHARDS = numbers.map((shard) => `${prefix}-${deliverKey(shard)}=${shard}`).join(',')
  const delivers = numbers.map((shard) => ({
    key: deliverKey(shard),
    handler: 'functions/deliver.handler',
    role: roleId('deliver'),
    group: `deliver-${shard}-of-${shards}`,
    environment: { DELIVER_SHARDS },
    ...LIVE,
    mappings,
  }))
  const named = (key: string) => ({ key, handler: `functions/${key}.handler`, role: roleId(key), group: key })
  const fold = { ...named('fold'), ...LIVE, mappings }
  const archive = {
    ...named('archive'),
    ...ARCHIVE,
    environment: { ARCHIVE_BUCKET: { Ref: ARCHIVE_BUCKET } },
    mappings: archiveMappings(deployment),
  }
  return [fold, ...delivers, ...(deployment.archive === null ? [] : [archive])]
}

/**
 * How the archive reads the topics: what fails comes again without end, because what is given up would be missing. Pollers
 * on demand are enough for it, and cost nothing while idle. Into a network of others they need ways out that the stage
 * knows nothing of, so there it has the pollers of the other triggers.
 */
function archiveMappings({ mappings, network }: Deployment): MappingSettings {
  const isOnDemand = mappings.pollers === null || network?.kind !== 'given'
  return {
    ...ARCHIVE_BATCH,
    retries: -1,
    ageSeconds: -1,
    isBisecting: false,
    onFailure: null,
    metrics: isOnDemand ? [] : mappings.metrics,
    pollers: isOnDemand ? null : { minimum: 1, maximum: mappings.pollers?.maximum ?? 1 },
  }
}

/** The functions that the topics trigger, by key, for `functions` of serverless.yml. */
export function triggeredFunctions(deployment: Deployment) {
  const entries = consumersOf(deployment).map(({ key, handler, role, environment, ...consumer }) => [
    key,
    {
      handler,
      role,
      timeout: consumer.timeout,
      memorySize: consumer.memorySize,
      // Lambda reads no partial responses of pollers on demand, so a failure must be an error there.
      environment: { ...environment, ...(consumer.mappings.pollers === null && { BATCH_FAILURES: 'throw' }) },
      ...(connectsToKafka(key) && { vpc: vpcOfKafkaFunctions(deployment) }),
    },
  ])
  return Object.fromEntries(entries)
}

/** The event source mappings: which topic feeds which function, and how. */
export function triggers(deployment: Deployment): Template {
  const pairs = consumersOf(deployment).flatMap((consumer) =>
    deployment.topics.map((topic) => ({ consumer, topic })),
  )
  const entries = pairs.map(
    ({ consumer, topic }, index) =>
      [
        mappingId(consumer, topic, deployment),
        mappingOf(consumer, topic, { deployment, pollers: pollersOf(index, consumer, deployment) }),
      ] as const,
  )
  return { Resources: Object.fromEntries(entries) }
}

/**
 * The logical id of a mapping. It has what Lambda cannot change of a mapping that exists, its group and its topic, because
 * CloudFormation would try to change it: only with another id it makes a new mapping and deletes the old one.
 */
function mappingId({ key, group }: Consumer, topic: string, { topicPrefix }: Deployment): string {
  const name = key === group ? functionToken(key) : nameToken(group)
  return `${name}${nameToken(`${topicPrefix}${topic}`)}Mapping`
}

type Context = { readonly deployment: Deployment; readonly pollers: Value | null }

function mappingOf(consumer: Consumer, topic: string, { deployment, pollers }: Context): Resource {
  const { kafka, network, prefix, topicPrefix } = deployment
  const { mappings } = consumer
  const dependency = topicResource(deployment, topic)
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    ...(dependency !== null && { DependsOn: dependency }),
    Properties: {
      FunctionName: functionArn(consumer.key),
      ...sourceOf(kafka, network, `${prefix}-${consumer.group}-${topic}`),
      Topics: [`${topicPrefix}${topic}`],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: mappings.batchSize,
      ...(mappings.windowSeconds !== null && { MaximumBatchingWindowInSeconds: mappings.windowSeconds }),
      ...(mappings.onFailure !== null && {
        DestinationConfig: { OnFailure: { Destination: mappings.onFailure } },
      }),
      ...(pollers !== null && {
        ProvisionedPollerConfig: pollers,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: mappings.retries,
        MaximumRecordAgeInSeconds: mappings.ageSeconds,
        BisectBatchOnFunctionError: mappings.isBisecting,
        ...(mappings.metrics.length > 0 && { MetricsConfig: { Metrics: mappings.metrics } }),
      }),
    },
  }
}

// https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html: a group has up to 100 mappings of one VPC, whose
// maximums are 2,000 pollers together.
const MAPPINGS_OF_GROUP = 100
const POLLERS_OF_GROUP = 2000

/**
 * The pollers of a mapping by its number; null are pollers on demand. Pollers are billed in units of several
 * (https://aws.amazon.com/lambda/pricing/), which the mappings of a group fill together. The groups of an account share
 * their names, so these begin with the stage.
 */
function pollersOf(
  number: number,
  { mappings }: Consumer,
  { kafka, network, prefix }: Deployment,
): Value | null {
  if (mappings.pollers === null) return null
  const { minimum, maximum } = mappings.pollers
  const size = Math.min(MAPPINGS_OF_GROUP, Math.floor(POLLERS_OF_GROUP / maximum))
  const isInNetwork = kafka.kind !== 'external' || network !== null
  return {
    MinimumPollers: minimum,
    MaximumPollers: maximum,
    ...(isInNetwork && { PollerGroupName: `${prefix}-${Math.floor(number / size) + 1}` }),
  }
}

type Properties = Readonly<Record<string, Value>>

/** Where the records are, and how Lambda proves who it is. IAM needs no more than the role of the function. */
function sourceOf(kafka: KafkaChoice, network: NetworkChoice, group: string): Properties {
  switch (kafka.kind) {
    case 'local':
      return msk('arn:aws:kafka:eu-central-1:000000000000:cluster/local/local', group)
    case 'serverless':
      return msk({ Ref: 'KafkaCluster' }, group)
    case 'provisioned':
      return msk({ Ref: 'KafkaCluster' }, group, kafka.auth === 'scram' ? { Ref: 'KafkaUser' } : null)
    case 'existing':
      return msk(kafka.arn, group, kafka.auth === 'scram' ? kafka.secretArn : null)
    case 'external':
      return {
        SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: kafka.brokers.split(',') } },
        SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
        SourceAccessConfigurations: [
          { Type: SASL[kafka.auth], URI: kafka.secretArn },
          ...networkAccess(network),
        ],
      }
  }
}

function msk(arn: Value, group: string, secret: Value = null): Properties {
  return {
    EventSourceArn: arn,
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
    ...(secret !== null && { SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }] }),
  }
}

const SASL = {
  'scram-sha-256': 'SASL_SCRAM_256_AUTH',
  'scram-sha-512': 'SASL_SCRAM_512_AUTH',
  plain: 'BASIC_AUTH',
} as const

/** The way of Lambda's pollers to brokers in a VPC. Those of MSK it takes from the cluster. */
function networkAccess(network: NetworkChoice): Value[] {
  if (network === null) return []
  const withPrefix = (prefix: string) => (id: Value) =>
    typeof id === 'string' ? `${prefix}:${id}` : { 'Fn::Join': [':', [prefix, id]] }
  return [
    ...privateSubnets(network)
      .map(withPrefix('subnet'))
      .map((URI) => ({ Type: 'VPC_SUBNET', URI })),
    ...functionSecurityGroups(network)
      .map(withPrefix('security_group'))
      .map((URI) => ({ Type: 'VPC_SECURITY_GROUP', URI })),
  ]
}
