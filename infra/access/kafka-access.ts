import type { Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import type { Grant } from './grants.ts'
import { allow, type Statement } from './statement.ts'

type KafkaGrant = Extract<Grant, { on: 'kafka' }>

/**
 * The ARN of the MSK cluster, as text or as the reference to the one that the stage creates; null if Kafka is none of AWS.
 */
export function clusterArn({ kafka }: Pick<Deployment, 'kafka'>): Value | null {
  if (kafka.kind === 'existing') return kafka.arn
  return kafka.kind === 'serverless' || kafka.kind === 'provisioned' ? { Ref: 'KafkaCluster' } : null
}

/** Whether IAM says what a client of Kafka may do, and not Kafka's own ACLs. */
export function hasIamAuth({ kafka }: Pick<Deployment, 'kafka'>): boolean {
  return kafka.kind === 'serverless' || ('auth' in kafka && kafka.auth === 'iam')
}

/**
 * The statements that let a function use Kafka. Of a cluster without IAM they are those of the pollers alone.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
export function kafkaStatements(grants: readonly KafkaGrant[], deployment: Deployment): Statement[] {
  const cluster = clusterArn(deployment)
  const isTriggered = grants.some(({ may }) => may === 'be triggered')
  const reporting = isTriggered ? destinationStatements(deployment.mappings.onFailure) : []
  if (grants.length === 0 || cluster === null) return reporting
  const polling = isTriggered ? [allow(POLLER_ACTIONS, [cluster]), ...reporting] : []
  if (!hasIamAuth(deployment)) {
    const scram = isTriggered ? [allow(['kafka:ListScramSecrets'], [cluster])] : []
    return [...polling, ...scram]
  }
  const onCluster = isTriggered
    ? ['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration']
    : ['kafka-cluster:Connect']
  return [
    ...polling,
    allow(onCluster, [cluster]),
    ...grants.flatMap((grant) => dataOf(grant, cluster, deployment)),
  ]
}

/**
 * Lambda looks the cluster up with the role of the function. One action serves both kinds of clusters.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 */
const POLLER_ACTIONS = ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers']

/**
 * Lambda reports what it gives up with the role of the function.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 */
function destinationStatements(destination: string | null): Statement[] {
  const [, , service] = destination?.split(':') ?? []
  if (destination === null || service === undefined) return []
  switch (service) {
    case 'sqs':
      return [allow(['sqs:SendMessage'], [destination])]
    case 'sns':
      return [allow(['sns:Publish'], [destination])]
    case 's3':
      return [allow(['s3:ListBucket'], [destination]), allow(['s3:PutObject'], [`${destination}/*`])]
    default:
      return []
  }
}

const DESCRIBE = ['kafka-cluster:DescribeTopic']
const READ = [...DESCRIBE, 'kafka-cluster:ReadData']
const WRITE = [...DESCRIBE, 'kafka-cluster:WriteData']
const JOIN = ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup']

function dataOf(grant: KafkaGrant, cluster: Value, deployment: Deployment): Statement[] {
  const { prefix, topics } = deployment
  const topic = (name: string) => arnIn(cluster, 'topic', name)
  const group = (name: string) => arnIn(cluster, 'group', name)
  const own = topics.map((name) => topic(`${deployment.topicPrefix}${name}`))
  switch (grant.may) {
    case 'write': {
      const named = grant.topics?.map((name) => topic(`${deployment.topicPrefix}${name}`))
      return [allow(WRITE, named ?? own)]
    }
    case 'describe':
      return [allow(DESCRIBE, own)]
    case 'inspect': {
      // In a cluster of its own it shows all there is. In one of others it shows what belongs to the stage.
      const isOwnCluster = deployment.kafka.kind !== 'existing'
      const seen = isOwnCluster ? [topic('*')] : own
      return [
        allow([...READ, 'kafka-cluster:DescribeTopicDynamicConfiguration'], seen),
        allow(['kafka-cluster:DescribeGroup'], [group(isOwnCluster ? '*' : `${prefix}-*`)]),
      ]
    }
    case 'replay':
      return [allow(READ, own), allow(['kafka-cluster:DescribeGroup'], [group(`${prefix}-fold-*`)])]
    case 'be triggered': {
      const [, destination] = /^kafka:\/\/(.+)$/.exec(deployment.mappings.onFailure ?? '') ?? []
      return [
        allow(READ, own),
        allow(JOIN, [group(`${prefix}-${grant.group}-*`)]),
        ...(destination === undefined ? [] : [allow(WRITE, [topic(destination)])]),
      ]
    }
    case 'create topics':
      return [
        allow(
          [
            'kafka-cluster:CreateTopic',
            'kafka-cluster:DescribeTopic',
            'kafka-cluster:AlterTopic',
            'kafka-cluster:DescribeTopicDynamicConfiguration',
            'kafka-cluster:AlterTopicDynamicConfiguration',
          ],
          own,
        ),
      ]
  }
}

/**
 * The ARN of a topic or a group: that of the cluster, `arn:aws:kafka:…:cluster/<name>/<uuid>`, with another type, and
 * the name at its end. The cluster's may be known to CloudFormation only.
 */
function arnIn(cluster: Value, type: 'topic' | 'group', name: string): Value {
  if (typeof cluster === 'string') return `${cluster.replace(':cluster/', `:${type}/`)}/${name}`
  const base = { 'Fn::Join': [`:${type}/`, { 'Fn::Split': [':cluster/', cluster] }] }
  return { 'Fn::Join': ['/', [base, name]] }
}
