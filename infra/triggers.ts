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
import type { KafkaChoice } from './parameters/read-kafka.ts'
import type { NetworkChoice } from './parameters/read-network.ts'

/**
 * The functions that the topics trigger: `fold`, and one `deliver` for each shard of the connections, each with consumer
 * groups of its own. A group of `deliver` has the number of shards in its name: after a change every shard reads the log
 * from its beginning once, since nobody else knows what its connections still miss. What is stored already changes
 * nothing. The stage is in the name of every group, because a group cannot be renamed, and two stages may share a cluster.
 */
type Consumer = {
  readonly key: string
  readonly handler: string
  readonly role: string
  /** What the names of its groups begin with. */
  readonly group: string
  readonly environment?: Readonly<Record<string, string>>
}

const TIMEOUT_SECONDS = 60
/** Megabytes: one CPU, because a batch is matched, framed and signed for all of its subscribers. */
const MEMORY = 1769

function consumersOf({ shards, prefix }: Deployment): Consumer[] {
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
  }))
  const fold = { key: 'fold', handler: 'functions/fold.handler', role: roleId('fold'), group: 'fold' }
  return [fold, ...delivers]
}

/** The functions that the topics trigger, by key, for `functions` of serverless.yml. */
export function triggeredFunctions(deployment: Deployment) {
  // Lambda reads no partial responses of pollers on demand, so a failure must be an error there.
  const failures = isProvisioned(deployment) ? {} : { BATCH_FAILURES: 'throw' }
  const entries = consumersOf(deployment).map(({ key, handler, role, environment }) => [
    key,
    {
      handler,
      role,
      timeout: TIMEOUT_SECONDS,
      memorySize: MEMORY,
      environment: { ...environment, ...failures },
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
        mappingOf(consumer, topic, { deployment, pollers: pollersOf(index, deployment) }),
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
  const { kafka, mappings, network, prefix, topicPrefix } = deployment
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

function isProvisioned({ mappings }: Deployment): boolean {
  return mappings.pollers !== null
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
function pollersOf(number: number, { kafka, mappings, network, prefix }: Deployment): Value | null {
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
