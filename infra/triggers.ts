import { functionArn, functionToken, type Resource, type Template, type Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { connectsToKafka, vpcOfKafkaFunctions } from './functions.ts'

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
  readonly environment?: Readonly<Record<string, string>>
  readonly groupOf: (topic: string) => string
}

const BATCH_SIZE = 500
const TIMEOUT_SECONDS = 60

function consumersOf({ shards, prefix }: Deployment): Consumer[] {
  const deliverKey = (shard: number) => (shard === 0 ? 'deliver' : `deliver${shard}`)
  const numbers = Array.from({ length: shards }, (_, shard) => shard)
  // Which shard a function has is looked up by its name: locally all of them share one process and its environment.
  const DELIVER_SHARDS = numbers.map((shard) => `${prefix}-${deliverKey(shard)}=${shard}`).join(',')
  const delivers = numbers.map((shard) => ({
    key: deliverKey(shard),
    handler: 'functions/deliver.handler',
    role: 'DeliverRole',
    environment: { DELIVER_SHARDS },
    groupOf: (topic: string) => `${prefix}-deliver-${shard}-of-${shards}-${topic}`,
  }))
  const fold = {
    key: 'fold',
    handler: 'functions/fold.handler',
    role: 'FoldRole',
    groupOf: (topic: string) => `${prefix}-fold-${topic}`,
  }
  return [...delivers, fold]
}

/** The functions that the topics trigger, by key, for `functions` of serverless.yml. */
export function triggeredFunctions(deployment: Deployment) {
  const entries = consumersOf(deployment).map(({ key, handler, environment }) => [
    key,
    {
      handler,
      timeout: TIMEOUT_SECONDS,
      ...(environment && { environment }),
      ...(connectsToKafka(key) && { vpc: vpcOfKafkaFunctions(deployment) }),
    },
  ])
  return Object.fromEntries(entries)
}

/** The event source mappings: which topic feeds which function, and how. */
export function triggers(deployment: Deployment): Template {
  const entries = consumersOf(deployment).flatMap((consumer) =>
    deployment.topics.map(
      (topic) => [mappingId(consumer.key, topic), mappingOf(consumer, topic, deployment)] as const,
    ),
  )
  return { Resources: Object.fromEntries(entries) }
}

function mappingId(key: string, topic: string): string {
  const words = topic.split(/[^0-9A-Za-z]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `${functionToken(key)}${words.join('')}Mapping`
}

function mappingOf({ key, groupOf }: Consumer, topic: string, deployment: Deployment): Resource {
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      FunctionName: functionArn(key),
      EventSourceArn: clusterArn(deployment),
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: groupOf(topic) },
      Topics: [`${deployment.topicPrefix}${topic}`],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: BATCH_SIZE,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
  }
}

function clusterArn({ kafka }: Deployment): Value {
  return kafka.kind === 'existing' ? kafka.arn : 'arn:aws:kafka:eu-central-1:000000000000:cluster/local/local'
}
