import { expect, test } from 'vitest'
import { readMappings } from './read-mappings.ts'

const ARN = 'arn:aws:kafka:us-east-1:123456789012:cluster/events/uuid-1'
const MSK = {
  FunctionName: { 'Fn::GetAtt': ['DeliverLambdaFunction', 'Arn'] },
  EventSourceArn: ARN,
  Topics: ['port-events'],
  StartingPosition: 'TRIM_HORIZON',
}
const SELF_MANAGED = {
  ...MSK,
  EventSourceArn: undefined,
  SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a.example:9092'] } },
}

function read(properties: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) {
  return readMappings({
    service: 'tidewire',
    provider: { stage: 'dev', timeout: 10 },
    functions: { read: { handler: 'read.handler' }, deliver: { handler: 'deliver.handler', timeout: 60 } },
    resources: {
      Resources: {
        Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: properties, ...more },
        Table: { Type: 'AWS::DynamoDB::Table' },
      },
    },
  })
}

test("a resource has Lambda's defaults", () => {
  expect(read(MSK)).toEqual([
    {
      functionKey: 'deliver',
      functionName: 'tidewire-dev-deliver',
      topic: 'port-events',
      eventSource: 'aws:kafka',
      eventSourceArn: ARN,
      groupId: 'tidewire-dev-deliver-port-events',
      batchSize: 100,
      windowMs: 500,
      startingPosition: { at: 'TRIM_HORIZON' },
      reportBatchItemFailures: false,
      bisect: false,
      maxRetries: Number.POSITIVE_INFINITY,
      maxRecordAgeMs: Number.POSITIVE_INFINITY,
      timeoutMs: 60_000,
    },
  ])
})

test('every property is read, and a window of 0 is none', () => {
  const properties = {
    ...MSK,
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'group' },
    Enabled: 'true',
    Topics: ['blue.port-events'],
    StartingPosition: 'AT_TIMESTAMP',
    StartingPositionTimestamp: 1_700_000_000,
    BatchSize: '500',
    MaximumBatchingWindowInSeconds: 0,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: 3,
    MaximumRecordAgeInSeconds: 3600,
    BisectBatchOnFunctionError: true,
    DestinationConfig: { OnFailure: { Destination: 'kafka://given-up' } },
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10, PollerGroupName: 'tidewire-dev-1' },
    MetricsConfig: { Metrics: ['ErrorCount'] },
    SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:aws:secretsmanager:…' }],
  }

  expect(read(properties)).toMatchObject([
    {
      topic: 'blue.port-events',
      groupId: 'group',
      startingPosition: { at: 'AT_TIMESTAMP', timestamp: 1_700_000_000_000 },
      batchSize: 500,
      windowMs: 0,
      reportBatchItemFailures: true,
      maxRetries: 3,
      maxRecordAgeMs: 3_600_000,
      bisect: true,
      onFailureTopic: 'given-up',
    },
  ])
})

test('-1 is without end, and a destination makes ten retries of it', () => {
  const endless = { ...MSK, MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1 }
  const Destination = { 'Fn::GetAtt': ['Queue', 'Arn'] }

  expect(read(endless)).toMatchObject([
    { maxRetries: Number.POSITIVE_INFINITY, maxRecordAgeMs: Number.POSITIVE_INFINITY },
  ])
  expect(read({ ...endless, DestinationConfig: { OnFailure: { Destination } } })).toMatchObject([
    { maxRetries: 10 },
  ])
})

test('a self-managed Kafka has no ARN', () => {
  const config = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'group' } }
  const [mapping] = read({ ...SELF_MANAGED, ...config })

  expect(mapping).toMatchObject({ eventSource: 'SelfManagedKafka', groupId: 'group' })
  expect(mapping).not.toHaveProperty('eventSourceArn')
})

test.each([
  [{ Ref: 'KafkaCluster' }],
  [{ 'Fn::ImportValue': 'KafkaCluster' }],
  [{ 'Fn::GetAtt': ['KafkaCluster', 'Arn'] }],
  [{ 'Fn::GetAtt': 'KafkaCluster.Arn' }],
])('the ARN of %j is made up', (EventSourceArn) => {
  expect(read({ ...MSK, EventSourceArn })).toMatchObject([
    { eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/KafkaCluster/local' },
  ])
})

test.each([
  [{ Ref: 'DeliverLambdaFunction' }],
  [{ 'Fn::GetAtt': 'DeliverLambdaFunction.Arn' }],
  ['tidewire-dev-deliver'],
  ['tidewire-dev-deliver:live'],
  ['arn:aws:lambda:us-east-1:123456789012:function:tidewire-dev-deliver:live'],
])('the function may be named by %j', (FunctionName) => {
  expect(read({ ...MSK, FunctionName })).toMatchObject([{ functionKey: 'deliver' }])
})

test('what is disabled, of another source or of another type is left out', () => {
  const queue = { FunctionName: 'other', EventSourceArn: 'arn:aws:sqs:us-east-1:123456789012:queue' }

  expect(read({ ...MSK, Enabled: false })).toEqual([])
  expect(read(queue)).toEqual([])
  expect(read({ FunctionName: 'other', EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] } })).toEqual([])
})

test('a resource and an event cannot share a consumer group', () => {
  const service = {
    service: 'tidewire',
    functions: { deliver: { handler: 'h', events: [{ msk: { arn: ARN, topic: 'port-events' } }] } },
    resources: { Resources: { Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: MSK } } },
  }

  expect(() => readMappings(service)).toThrow(
    'deliver (port-events) and deliver (port-events) share the consumer group tidewire-dev-deliver-port-events',
  )
})

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ ...MSK, FunctionName: 'other' }, 'FunctionName is no function of serverless.yml: "other"'],
  [{ ...MSK, Topics: undefined }, 'Topics must have the name of one topic, not undefined'],
  [{ ...MSK, Topics: ['a', 'b'] }, 'Topics must have the name of one topic, not ["a","b"]'],
  [{ ...MSK, Topics: [{ Ref: 'Topic' }] }, 'Topics must have the name of one topic, not [{"Ref":"Topic"}]'],
  [{ ...MSK, Enabled: 'no' }, 'Enabled must be true or false, not "no"'],
  [
    { ...MSK, EventSourceArn: { 'Fn::Sub': 'arn' } },
    'EventSourceArn must be text, a Ref, an Fn::GetAtt or an Fn::ImportValue, not {"Fn::Sub":"arn"}',
  ],
  [{ ...MSK, EventSourceArn: undefined }, 'EventSourceArn or SelfManagedEventSource is missing'],
  [{ ...SELF_MANAGED, EventSourceArn: ARN }, 'EventSourceArn and SelfManagedEventSource exclude each other'],
  [
    { ...SELF_MANAGED, SelfManagedEventSource: { Endpoints: {} } },
    'SelfManagedEventSource needs Endpoints.KafkaBootstrapServers, a list of host:port',
  ],
  [
    { ...MSK, SelfManagedKafkaEventSourceConfig: {} },
    'SelfManagedKafkaEventSourceConfig is of another kind of source: AmazonManagedKafkaEventSourceConfig',
  ],
  [
    { ...SELF_MANAGED, AmazonManagedKafkaEventSourceConfig: {} },
    'AmazonManagedKafkaEventSourceConfig is of another kind of source: SelfManagedKafkaEventSourceConfig',
  ],
  [
    { ...MSK, AmazonManagedKafkaEventSourceConfig: 'group' },
    'AmazonManagedKafkaEventSourceConfig must be an object',
  ],
  [
    { ...MSK, AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'a b' } },
    'ConsumerGroupId must be 1 to 200 letters, digits and "-/*:_+=.@", not "a b"',
  ],
  [
    { ...MSK, AmazonManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } },
    'SchemaRegistryConfig is not emulated',
  ],
  [
    { ...SELF_MANAGED, SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } },
    'ConsumptionMode is not emulated but for Stream, its default',
  ],
  [{ ...MSK, FilterCriteria: { Filters: [] } }, 'FilterCriteria are not emulated: filter in the function'],
  [{ ...MSK, ParallelizationFactor: 2 }, 'ParallelizationFactor is not for Kafka'],
  [{ ...MSK, TumblingWindowInSeconds: 1 }, 'TumblingWindowInSeconds is not for Kafka'],
  [{ ...MSK, BatchSize: 10_001 }, 'BatchSize must be a whole number from 1 to 10000, not 10001'],
  [
    { ...MSK, MaximumBatchingWindowInSeconds: 0.5 },
    'MaximumBatchingWindowInSeconds must be a whole number from 0 to 300, not 0.5',
  ],
  [
    { ...MSK, StartingPosition: undefined },
    'StartingPosition is missing: LATEST, TRIM_HORIZON or AT_TIMESTAMP',
  ],
  [
    { ...MSK, StartingPosition: 'EARLIEST' },
    'StartingPosition must be LATEST, TRIM_HORIZON or AT_TIMESTAMP, not "EARLIEST"',
  ],
  [
    { ...MSK, StartingPosition: 'AT_TIMESTAMP' },
    'StartingPosition AT_TIMESTAMP needs StartingPositionTimestamp, in seconds',
  ],
  [
    { ...MSK, FunctionResponseTypes: 'ReportBatchItemFailures' },
    'FunctionResponseTypes must be a list of ReportBatchItemFailures, not "ReportBatchItemFailures"',
  ],
  [
    { ...MSK, FunctionResponseTypes: ['All'] },
    'FunctionResponseTypes must be a list of ReportBatchItemFailures, not ["All"]',
  ],
  [
    { ...MSK, MaximumRetryAttempts: 10_001 },
    'MaximumRetryAttempts must be a whole number from 0 to 10000, not 10001',
  ],
  [
    { ...MSK, MaximumRecordAgeInSeconds: 59 },
    'MaximumRecordAgeInSeconds must be a whole number from 60 to 604800, not 59',
  ],
  [
    { ...MSK, BisectBatchOnFunctionError: 'yes' },
    'BisectBatchOnFunctionError must be true or false, not "yes"',
  ],
  [
    { ...MSK, DestinationConfig: { OnFailure: { Destination: 'kafka://port-events' } } },
    'the on-failure topic must be another topic than port-events',
  ],
  [{ ...MSK, ProvisionedPollerConfig: 1 }, 'ProvisionedPollerConfig must be an object'],
  [
    { ...MSK, ProvisionedPollerConfig: { MinimumPollers: 201 } },
    'MinimumPollers must be a whole number from 1 to 200, not 201',
  ],
  [
    { ...MSK, ProvisionedPollerConfig: { MaximumPollers: 2001 } },
    'MaximumPollers must be a whole number from 1 to 2000, not 2001',
  ],
  [
    { ...MSK, ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } },
    'MinimumPollers (3) is above MaximumPollers (2)',
  ],
  [
    { ...MSK, ProvisionedPollerConfig: { PollerGroupName: 'a b' } },
    'PollerGroupName must be up to 128 letters, digits, "-" and "_", not "a b"',
  ],
])('%j is refused with a line', (properties, line) => {
  expect(() => read(properties)).toThrow(new Error(`event source mappings:\n  resource Mapping: ${line}`))
})

test('a condition is refused, since only a deployment knows whether it holds', () => {
  expect(() => read(MSK, { Condition: 'IsProd' })).toThrow('resource Mapping: Condition is not emulated')
})
