import { expect, test } from 'vitest'
import { SHARD_LIMIT } from '#shared/core/limits.ts'
import type { Resource } from './cloudformation.ts'
import { exampleDeployment, SECRET_ARN, SHAPES } from './testing/example-deployment.ts'
import { triggeredFunctions, triggers } from './triggers.ts'

const TOPICS = ['port-events', 'market-ticks']
const EXTERNAL = { kafkaBrokers: 'a.example:9092,b.example:9092', kafkaSecret: SECRET_ARN }

const deploymentOf = (values: Readonly<Record<string, unknown>>, topics = TOPICS, stage = 'prod') =>
  exampleDeployment(values, { stage, topics })

async function mappingsOf(values: Readonly<Record<string, unknown>>, topics = TOPICS, stage = 'prod') {
  return triggers(await deploymentOf(values, topics, stage)).Resources ?? {}
}

async function firstOf(values: Readonly<Record<string, unknown>>): Promise<Resource | undefined> {
  return Object.values(await mappingsOf(values))[0]
}

test('each topic has a mapping for fold, and one for each shard of deliver', async () => {
  expect(Object.keys(await mappingsOf({ kafka: 'serverless', shards: 2 }))).toEqual([
    'FoldPortEventsMapping',
    'FoldMarketTicksMapping',
    'Deliver0Of2PortEventsMapping',
    'Deliver0Of2MarketTicksMapping',
    'Deliver1Of2PortEventsMapping',
    'Deliver1Of2MarketTicksMapping',
  ])
})

test('a mapping on a cluster that the stage creates is ready for low latency', async () => {
  expect(await firstOf({ kafka: 'serverless' })).toEqual({
    Type: 'AWS::Lambda::EventSourceMapping',
    DependsOn: 'KafkaTopics',
    Properties: {
      FunctionName: { 'Fn::GetAtt': ['FoldLambdaFunction', 'Arn'] },
      EventSourceArn: { Ref: 'KafkaCluster' },
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'tidewire-prod-fold-port-events' },
      Topics: ['port-events'],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 0,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10, PollerGroupName: 'tidewire-prod-1' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: false,
      MetricsConfig: { Metrics: ['ErrorCount'] },
    },
  })
})

test('pollers on demand are asked for nothing that only provisioned ones have', async () => {
  const onFailure = 'arn:aws:sqs:eu-central-1:123456789012:given-up'
  const mapping = await firstOf({ kafka: 'serverless', pollers: 'on-demand', onFailure, batchSize: 100 })

  expect(mapping?.Properties).toEqual({
    FunctionName: { 'Fn::GetAtt': ['FoldLambdaFunction', 'Arn'] },
    EventSourceArn: { Ref: 'KafkaCluster' },
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'tidewire-prod-fold-port-events' },
    Topics: ['port-events'],
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 100,
    DestinationConfig: { OnFailure: { Destination: onFailure } },
  })
})

test('a function whose trigger reads no partial responses fails as a whole', async () => {
  const onDemand = triggeredFunctions(await deploymentOf({ kafka: 'serverless', pollers: 'on-demand' }))
  const provisioned = triggeredFunctions(await deploymentOf({ kafka: 'serverless' }))

  expect(onDemand.fold.environment).toEqual({ BATCH_FAILURES: 'throw' })
  expect(onDemand.deliver.environment).toEqual({
    DELIVER_SHARDS: 'tidewire-prod-deliver=0',
    BATCH_FAILURES: 'throw',
  })
  expect(provisioned.fold.environment).toEqual({})
})

test('every setting is passed on', async () => {
  const mapping = await firstOf({
    kafka: 'serverless',
    minPollers: 2,
    maxPollers: 4,
    batchSize: 50,
    batchWindow: 1,
    batchRetries: 3,
    batchAge: 3600,
    batchBisect: 'true',
    onFailure: 'kafka://given-up',
    mappingMetrics: 'EventCount,KafkaMetrics',
  })

  expect(mapping?.Properties).toMatchObject({
    ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4 },
    BatchSize: 50,
    MaximumBatchingWindowInSeconds: 1,
    MaximumRetryAttempts: 3,
    MaximumRecordAgeInSeconds: 3600,
    BisectBatchOnFunctionError: true,
    DestinationConfig: { OnFailure: { Destination: 'kafka://given-up' } },
    MetricsConfig: { Metrics: ['EventCount', 'KafkaMetrics'] },
  })
})

const user = { Type: 'SASL_SCRAM_512_AUTH', URI: SECRET_ARN }

test.each([
  ['serverless', 'KafkaTopics', undefined],
  ['provisioned', 'TopicPortEvents', undefined],
  ['provisioned with scram', 'TopicPortEvents', [{ ...user, URI: { Ref: 'KafkaUser' } }]],
  ['existing', 'KafkaTopics', undefined],
  ['existing with scram', 'KafkaTopics', [user]],
  ['external', 'KafkaTopics', [user]],
])('%s: waits for the topics, and proves who it is as the brokers want it', async (shape, topics, access) => {
  const mapping = await firstOf(SHAPES[shape] ?? {})

  expect(mapping?.DependsOn).toBe(topics)
  expect(mapping?.Properties?.SourceAccessConfigurations).toEqual(access)
})

test('brokers of another kind have the authentication that is asked for', async () => {
  const accessOf = async (kafkaAuth: string) =>
    (await firstOf({ ...EXTERNAL, kafkaAuth }))?.Properties?.SourceAccessConfigurations

  expect(await accessOf('plain')).toEqual([{ Type: 'BASIC_AUTH', URI: SECRET_ARN }])
  expect(await accessOf('scram-sha-256')).toEqual([{ Type: 'SASL_SCRAM_256_AUTH', URI: SECRET_ARN }])
})

test('the local stack has the mappings of a cluster that proves nothing and creates its topics first', async () => {
  const [mapping] = Object.values(await mappingsOf({}, TOPICS, 'local'))

  expect(mapping).not.toHaveProperty('DependsOn')
  expect(mapping?.Properties).toMatchObject({
    EventSourceArn: 'arn:aws:kafka:eu-central-1:000000000000:cluster/local/local',
    MaximumBatchingWindowInSeconds: 0,
  })
})

test.each(Object.entries(SHAPES))(
  '%s: each mapping has one kind of source, and a group of the stage',
  async (_, values) => {
    for (const { Properties = {} } of Object.values(await mappingsOf(values))) {
      const { EventSourceArn, SelfManagedEventSource } = Properties
      const { AmazonManagedKafkaEventSourceConfig: managed, SelfManagedKafkaEventSourceConfig: own } =
        Properties
      expect([EventSourceArn, SelfManagedEventSource].filter((source) => source !== undefined)).toHaveLength(
        1,
      )
      expect([managed, own].filter((config) => config !== undefined)).toEqual([
        { ConsumerGroupId: expect.stringMatching(/^tidewire-prod-(fold|archive|deliver-0-of-1)-[a-z-]+$/) },
      ])
    }
  },
)

test('brokers of an external Kafka are a list, with its topics under the prefix of the stage', async () => {
  expect((await firstOf(EXTERNAL))?.Properties).toMatchObject({
    SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a.example:9092', 'b.example:9092'] } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'tidewire-prod-fold-port-events' },
    Topics: ['prod.port-events'],
  })
})

test('brokers outside of a VPC have pollers on demand, or provisioned ones without a group', async () => {
  expect((await firstOf(EXTERNAL))?.Properties).not.toHaveProperty('ProvisionedPollerConfig')
  expect((await firstOf({ ...EXTERNAL, pollers: 'provisioned' }))?.Properties).toMatchObject({
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10 },
  })
})

test('brokers inside a VPC are reached through its subnets, and the group that they let in', async () => {
  const inside = { ...EXTERNAL, vpc: 'vpc-1', subnets: 'subnet-1,subnet-2' }
  const accessOf = async (values: Readonly<Record<string, string>>) =>
    (await firstOf(values))?.Properties?.SourceAccessConfigurations

  expect(await accessOf(inside)).toEqual([
    user,
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' },
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-2' },
    {
      Type: 'VPC_SECURITY_GROUP',
      URI: { 'Fn::Join': [':', ['security_group', { 'Fn::GetAtt': ['FunctionSecurityGroup', 'GroupId'] }]] },
    },
  ])
  expect(await accessOf({ ...inside, securityGroups: 'sg-1,sg-2' })).toEqual(
    expect.arrayContaining([
      { Type: 'VPC_SECURITY_GROUP', URI: 'security_group:sg-1' },
      { Type: 'VPC_SECURITY_GROUP', URI: 'security_group:sg-2' },
    ]),
  )
})

test('what Lambda cannot change of a mapping is in its logical id', async () => {
  const ids = async (values: Readonly<Record<string, unknown>>) => Object.keys(await mappingsOf(values))
  const one = await ids({ kafka: 'serverless' })
  const two = await ids({ kafka: 'serverless', shards: 2 })
  const prefixed = await ids({ kafka: 'serverless', topicPrefix: 'blue.' })

  expect(one.filter((id) => two.includes(id))).toEqual(['FoldPortEventsMapping', 'FoldMarketTicksMapping'])
  expect(one.filter((id) => prefixed.includes(id))).toEqual([])
})

test('a group of pollers has at most 100 mappings and 2,000 pollers, at any number of shards', async () => {
  const topics = Array.from({ length: 9 }, (_, index) => `topic-${index}`)
  for (const maxPollers of [1, 10, 30, 2000]) {
    const mappings = await mappingsOf({ kafka: 'serverless', shards: SHARD_LIMIT, maxPollers }, topics)
    const groups = Map.groupBy(Object.values(mappings), ({ Properties }) => groupOf(Properties))
    for (const [name, members] of groups) {
      expect(name).toMatch(/^[\w-]{1,128}$/)
      expect(members.length).toBeLessThanOrEqual(100)
      expect(members.length * maxPollers).toBeLessThanOrEqual(2000)
    }
  }
})

test('the names of all consumer groups are short enough for Lambda', async () => {
  const mappings = await mappingsOf({ kafka: 'serverless', shards: SHARD_LIMIT }, ['t'.repeat(120)])

  for (const { Properties } of Object.values(mappings))
    expect(Properties?.AmazonManagedKafkaEventSourceConfig).toEqual({
      ConsumerGroupId: expect.stringMatching(/^[\w/*:+=.@-]{1,200}$/),
    })
})

function groupOf(properties: Resource['Properties']): unknown {
  const config = properties?.ProvisionedPollerConfig
  return (
    typeof config === 'object' && config !== null && 'PollerGroupName' in config && config.PollerGroupName
  )
}
