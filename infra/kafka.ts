import { roleId } from './access/role-id.ts'
import { functionArn, nameToken, type Resource, type Template, type Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { vpcOfKafkaFunctions } from './functions.ts'
import { clusterSecurityGroups, network, privateSubnets } from './network.ts'
import type { KafkaChoice } from './parameters/read-kafka.ts'
import { topicRetention } from './topic-retention.ts'

/** The last version that MSK runs with and without ZooKeeper; without it a cluster can be upgraded to 4 (docs/deploy.md). */
const KAFKA_VERSION = '3.9.x.kraft'
const LOG_DAYS = 30
/** CloudFormation would wait for an hour for a function that does not respond, such as one without a way to S3. */
const CUSTOM_SECONDS = 1200
const PASSWORD_LENGTH = 32
const CLUSTER: Value = { Ref: 'KafkaCluster' }

/** What the stage creates of Kafka: a cluster, its user, its topics, and what asks a cluster for its brokers. */
export function kafka(deployment: Deployment): Template {
  const { kafka: choice } = deployment
  if (choice.kind === 'local') return {}
  return {
    Resources: {
      ...clusterOf(choice, deployment),
      ...(asksForBrokers(choice) && { KafkaBrokers: brokersOf(choice) }),
      ...topicsOf(deployment),
    },
    Outputs: {
      KafkaBrokers: { Description: 'The brokers that functions connect to', Value: kafkaBrokers(deployment) },
    },
  }
}

/** The variables of the functions that say where Kafka is and how they sign in. */
export function kafkaEnvironment(deployment: Deployment): Readonly<Record<string, Value>> {
  const { kafka: choice, topicPrefix } = deployment
  return {
    KAFKA_BROKERS: kafkaBrokers(deployment),
    KAFKA_AUTH: authOf(choice),
    KAFKA_SECRET_ARN: kafkaSecretArn(deployment) ?? '',
    TOPIC_PREFIX: topicPrefix,
  }
}

/** The Secrets Manager secret with the user name and the password, or null if IAM says who may connect. */
export function kafkaSecretArn({ kafka: choice }: Pick<Deployment, 'kafka'>): Value {
  if (choice.kind === 'provisioned' && choice.auth === 'scram') return { Ref: 'KafkaUser' }
  return choice.kind === 'existing' || choice.kind === 'external' ? choice.secretArn : null
}

/** What a trigger of a topic must wait for; null if the stage does not make topics. */
export function topicResource({ kafka: choice }: Pick<Deployment, 'kafka'>, topic: string): string | null {
  if (choice.kind === 'local') return null
  return hasTopicResources(choice) ? topicId(topic) : 'KafkaTopics'
}

/**
 * The functions behind the custom resources, for `functions` of serverless.yml. `kafka-brokers` calls the API of MSK, and
 * is not in the VPC; it makes what the environment of the others refers to, so its own must not. `kafka-topics` connects to
 * Kafka.
 */
export function kafkaFunctions(deployment: Deployment): Readonly<Record<string, Value>> {
  const { kafka: choice } = deployment
  if (choice.kind === 'local') return {}
  return {
    ...(asksForBrokers(choice) && {
      'kafka-brokers': {
        handler: 'functions/kafka-brokers.handler',
        role: roleId('kafka-brokers'),
        timeout: 60,
        environment: { KAFKA_BROKERS: '' },
      },
    }),
    ...(!hasTopicResources(choice) && {
      'kafka-topics': {
        handler: 'functions/kafka-topics.handler',
        role: roleId('kafka-topics'),
        // It tries for as long as it has time: a cluster that was just created needs some.
        timeout: 300,
        vpc: vpcOfKafkaFunctions(deployment),
      },
    }),
  }
}

function authOf(choice: KafkaChoice): string {
  switch (choice.kind) {
    case 'local':
      return 'none'
    case 'serverless':
      return 'iam'
    case 'external':
      return choice.auth
    case 'provisioned':
    case 'existing':
      return choice.auth === 'scram' ? 'scram-sha-512' : 'iam'
  }
}

function kafkaBrokers({ kafka: choice }: Deployment): Value {
  if (choice.kind === 'local') return 'localhost:9092'
  return 'brokers' in choice && choice.brokers !== null
    ? choice.brokers
    : { 'Fn::GetAtt': ['KafkaBrokers', 'Brokers'] }
}

type Msk = Extract<KafkaChoice, { kind: 'serverless' | 'provisioned' | 'existing' }>

function asksForBrokers(choice: KafkaChoice): choice is Msk {
  if (choice.kind === 'existing') return choice.brokers === null
  return choice.kind === 'serverless' || choice.kind === 'provisioned'
}

/** CloudFormation has no attribute with the brokers of a cluster. */
function brokersOf(choice: Msk): Resource {
  return {
    Type: 'Custom::KafkaBrokers',
    Properties: {
      ServiceToken: functionArn('kafka-brokers'),
      ServiceTimeout: CUSTOM_SECONDS,
      ClusterArn: choice.kind === 'existing' ? choice.arn : CLUSTER,
      Auth: authOf(choice) === 'iam' ? 'iam' : 'scram',
    },
  }
}

/** The API behind `AWS::MSK::Topic` is one of provisioned clusters from version 3.6, which a cluster of others may not be. */
function hasTopicResources({ kind }: KafkaChoice): boolean {
  return kind === 'provisioned'
}

function topicId(topic: string): string {
  return `Topic${nameToken(topic)}`
}

/**
 * The topics. They go with a cluster that the stage creates; in a cluster of others they stay when the stage is removed.
 */
function topicsOf(deployment: Deployment): Record<string, Resource> {
  const { kafka: choice, partitions, topicPrefix } = deployment
  const retention = topicRetention(deployment)
  const topics = deployment.topics.map((topic) => {
    const name = `${topicPrefix}${topic}`
    return { topic, name, retentionMs: retention[name] ?? 0 }
  })
  if (!hasTopicResources(choice))
    return {
      KafkaTopics: {
        Type: 'Custom::KafkaTopics',
        DependsOn: waysToKafka(deployment),
        Properties: {
          ServiceToken: functionArn('kafka-topics'),
          ServiceTimeout: CUSTOM_SECONDS,
          Brokers: kafkaBrokers(deployment),
          Topics: topics.map(({ name, retentionMs }) => ({
            Name: name,
            Partitions: partitions,
            RetentionMs: retentionMs,
          })),
        },
      },
    }
  return Object.fromEntries(
    topics.map(({ topic, name, retentionMs }) => [
      topicId(topic),
      {
        Type: 'AWS::MSK::Topic',
        Properties: {
          ClusterArn: CLUSTER,
          TopicName: name,
          PartitionCount: partitions,
          ReplicationFactor: subnetsOf(deployment).length,
          Configs: Buffer.from(JSON.stringify({ 'retention.ms': String(retentionMs) })).toString('base64'),
        },
        // A trigger waits for its topic, and signs in as this user.
        ...(authOf(choice) !== 'iam' && { DependsOn: 'KafkaUserOfCluster' }),
      },
    ]),
  )
}

/** What the way of `kafka-topics` to the brokers, and of its response to CloudFormation, is made of. */
function waysToKafka(deployment: Deployment): string[] {
  const ids = Object.keys(network(deployment).Resources ?? {})
  return ids.filter((id) => /^(KafkaFromFunctions|FunctionsToKafka|PrivateSubnet.Routes|S3Endpoint)/.test(id))
}

function clusterOf(choice: KafkaChoice, deployment: Deployment): Record<string, Resource> {
  const { prefix } = deployment
  const subnets = subnetsOf(deployment)
  switch (choice.kind) {
    case 'serverless':
      return {
        KafkaCluster: {
          Type: 'AWS::MSK::ServerlessCluster',
          Properties: {
            ClusterName: prefix,
            ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
            VpcConfigs: [{ SubnetIds: subnets, SecurityGroups: clusterSecurityGroups }],
          },
        },
      }
    case 'provisioned':
      return {
        KafkaCluster: provisionedCluster(choice, { prefix, subnets }),
        KafkaConfiguration: configurationOf(prefix, subnets.length),
        KafkaLogs: {
          Type: 'AWS::Logs::LogGroup',
          Properties: { LogGroupName: `/aws/msk/${prefix}`, RetentionInDays: LOG_DAYS },
        },
        ...(choice.auth === 'scram' && userOf(prefix)),
      }
    default:
      return {}
  }
}

function subnetsOf({ network: choice }: Deployment): readonly Value[] {
  return choice === null ? [] : privateSubnets(choice)
}

type Shape = { readonly prefix: string; readonly subnets: readonly Value[] }

function provisionedCluster(
  { auth, instanceType, storage }: Extract<KafkaChoice, { kind: 'provisioned' }>,
  { prefix, subnets }: Shape,
): Resource {
  // Brokers of the type Express have no storage to choose, and no configuration that a cluster of this kind needs.
  const isExpress = instanceType.startsWith('express.')
  return {
    Type: 'AWS::MSK::Cluster',
    Properties: {
      ClusterName: prefix,
      KafkaVersion: isExpress ? '3.8.x' : KAFKA_VERSION,
      NumberOfBrokerNodes: subnets.length,
      BrokerNodeGroupInfo: {
        InstanceType: instanceType,
        ClientSubnets: subnets,
        SecurityGroups: clusterSecurityGroups,
        ...(!isExpress && { StorageInfo: { EBSStorageInfo: { VolumeSize: storage } } }),
      },
      ClientAuthentication: {
        Sasl: auth === 'iam' ? { Iam: { Enabled: true } } : { Scram: { Enabled: true } },
        Unauthenticated: { Enabled: false },
      },
      // At rest MSK encrypts with a key of its own unless it is given another one.
      EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
      ...(!isExpress && {
        ConfigurationInfo: {
          Arn: { Ref: 'KafkaConfiguration' },
          Revision: { 'Fn::GetAtt': ['KafkaConfiguration', 'LatestRevision.Revision'] },
        },
      }),
      EnhancedMonitoring: 'DEFAULT',
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true, LogGroup: { Ref: 'KafkaLogs' } } } },
    },
  }
}

/** What is acknowledged is in all replicas but one at least, so that one broker may restart. */
function configurationOf(prefix: string, replicas: number): Resource {
  const properties = {
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': replicas - 1,
    'unclean.leader.election.enable': false,
  }
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
  return {
    Type: 'AWS::MSK::Configuration',
    Properties: { Name: prefix, ServerProperties: lines.join('\n') },
  }
}

/**
 * The user of a cluster with SCRAM. MSK takes secrets only whose names begin with AmazonMSK_ and whose key is not that of
 * the account: https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-limitations.html
 */
function userOf(prefix: string): Record<string, Resource> {
  return {
    KafkaUser: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        // The end of the stack's id, because the name of a deleted secret is free after its recovery window only.
        Name: {
          'Fn::Join': [
            '',
            [`AmazonMSK_${prefix}-`, { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }],
          ],
        },
        Description: `The user of ${prefix} in its Kafka cluster`,
        KmsKeyId: { Ref: 'KafkaUserKey' },
        GenerateSecretString: {
          SecretStringTemplate: '{"username":"tidewire"}',
          GenerateStringKey: 'password',
          PasswordLength: PASSWORD_LENGTH,
          ExcludePunctuation: true,
        },
      },
    },
    KafkaUserOfCluster: {
      Type: 'AWS::MSK::BatchScramSecret',
      Properties: { ClusterArn: CLUSTER, SecretArnList: [{ Ref: 'KafkaUser' }] },
    },
    KafkaUserKey: {
      Type: 'AWS::KMS::Key',
      Properties: {
        Description: `The secret of the Kafka user of ${prefix}`,
        EnableKeyRotation: true,
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root` } },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
  }
}
