import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { kafkaLogicalId, mskLogicalId } from './read-mapping-event.ts'
import { readMappings } from './read-mappings.ts'

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/events/uuid-1'
const withEvents = (events: unknown[], rest: Record<string, unknown> = {}) => ({
  service: 'tidewire',
  provider: { stage: 'dev' },
  functions: { deliver: { handler: 'functions/deliver.handler', events } },
  ...rest,
})

test("an msk event has Lambda's defaults", () => {
  const mappings = readMappings(withEvents([{ httpApi: '*' }, { msk: { arn, topic: 'port-events' } }]))

  expect(mappings).toEqual([
    {
      functionKey: 'deliver',
      functionName: 'tidewire-dev-deliver',
      topic: 'port-events',
      eventSource: 'aws:kafka',
      eventSourceArn: arn,
      groupId: 'tidewire-dev-deliver-port-events',
      batchSize: 100,
      windowMs: 500,
      startingPosition: { at: 'TRIM_HORIZON' },
      reportBatchItemFailures: false,
      bisect: false,
      maxRetries: Number.POSITIVE_INFINITY,
      maxRecordAgeMs: Number.POSITIVE_INFINITY,
      timeoutMs: 6_000,
    },
  ])
})

test('what the event declares is read, and the extension of its logical id overrides it', () => {
  const msk = { arn: { Ref: 'Cluster' }, topic: 'port-events', batchSize: 5, maximumBatchingWindow: 2 }
  const more = {
    startingPosition: 'AT_TIMESTAMP',
    startingPositionTimestamp: 1_700_000_000,
    consumerGroupId: 'g',
  }
  const Properties = {
    BatchSize: '500',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: 3,
    MaximumRecordAgeInSeconds: 3600,
    BisectBatchOnFunctionError: true,
    DestinationConfig: { OnFailure: { Destination: 'kafka://dead-letters' } },
  }
  const extensions = { DeliverEventSourceMappingMSKClusterPortevents: { Properties } }
  const service = withEvents([{ msk: { ...msk, ...more } }], { resources: { extensions } })
  Object.assign(service.functions.deliver, { timeout: 30, name: 'named' })

  expect(readMappings(service)).toMatchObject([
    {
      functionName: 'named',
      eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/Cluster/local',
      groupId: 'g',
      batchSize: 500,
      windowMs: 2_000,
      startingPosition: { at: 'AT_TIMESTAMP', timestamp: 1_700_000_000_000 },
      reportBatchItemFailures: true,
      bisect: true,
      maxRetries: 3,
      maxRecordAgeMs: 3_600_000,
      timeoutMs: 30_000,
      onFailureTopic: 'dead-letters',
    },
  ])
})

test('a kafka event is self-managed, has no ARN, and a destination caps its retries at ten', () => {
  const kafka = {
    bootstrapServers: ['b:9092'],
    topic: 'ticks',
    onFailureDestination: 'arn:aws:sqs:us-east-1:1:q',
  }
  const [mapping] = readMappings(withEvents([{ kafka }], { provider: { stage: 'qa', timeout: 10 } }))

  expect(mapping).toMatchObject({ eventSource: 'SelfManagedKafka', maxRetries: 10, timeoutMs: 10_000 })
  expect(mapping).toMatchObject({ functionName: 'tidewire-qa-deliver' })
  expect(mapping).not.toHaveProperty('eventSourceArn')
  expect(mapping).not.toHaveProperty('onFailureTopic')
})

test('a disabled event is left out, and so are functions without events', () => {
  const service = withEvents([{ msk: { arn, topic: 'a', enabled: false } }])

  expect(readMappings({ ...service, functions: { ...service.functions, read: { handler: 'x' } } })).toEqual(
    [],
  )
  expect(readMappings({})).toEqual([])
})

test('every bad value is listed with its function and topic', () => {
  const bad = [
    { msk: { arn, topic: 'a', batchSize: 0 } },
    { msk: { arn, topic: 'b', maximumBatchingWindow: 301 } },
    { msk: { arn, topic: 'c', startingPosition: 'EARLIEST' } },
    { msk: { arn, topic: 'd', startingPosition: 'AT_TIMESTAMP' } },
    { msk: { arn: { 'Fn::GetAtt': ['C', 'Arn'] }, topic: 'e' } },
    { msk: { arn, topic: 'f', filterPatterns: [{ value: {} }] } },
    { msk: { arn } },
    { kafka: { bootstrapServers: ['b'], topic: 'g', onFailureDestination: 'kafka://g' } },
  ]

  expect(() => readMappings(withEvents(bad))).toThrow(
    [
      'event source mappings:',
      '  deliver, msk event of topic "a": batchSize must be a whole number from 1 to 10000, not 0',
      '  deliver, msk event of topic "b": maximumBatchingWindow must be a whole number from 0 to 300, not 301',
      '  deliver, msk event of topic "c": startingPosition must be LATEST, TRIM_HORIZON or AT_TIMESTAMP, not "EARLIEST"',
      '  deliver, msk event of topic "d": startingPosition AT_TIMESTAMP needs startingPositionTimestamp, in seconds',
      '  deliver, msk event of topic "e": arn must be text, a Ref or an Fn::ImportValue',
      '  deliver, msk event of topic "f": filterPatterns are not emulated: filter in the function',
      '  deliver, msk event of topic undefined: topic is missing',
      '  deliver, kafka event of topic "g": the on-failure topic must be another topic than g',
    ].join('\n'),
  )
})

test('two mappings cannot share a consumer group', () => {
  const share = { arn, consumerGroupId: 'g' }

  expect(() =>
    readMappings(withEvents([{ msk: { ...share, topic: 'a' } }, { msk: { ...share, topic: 'b' } }])),
  ).toThrow('deliver (a) and deliver (b) share the consumer group g: give each its own consumerGroupId')
})

const naming: {
  getMSKEventLogicalId(functionKey: string, cluster: string, topic: string): string
  getKafkaEventLogicalId(functionKey: string, topic: string): string
} = createRequire(import.meta.url)('serverless/lib/plugins/aws/lib/naming.js')

test.each([
  ['deliver', 'EventsCluster', 'port-events'],
  ['deliver-shard_2', 'my.cluster-1', 'sensor.readings_v1'],
  ['fold', 'c'.repeat(100), 't'.repeat(240)],
])('the logical ids of %s are those of the framework', (functionKey, cluster, topic) => {
  expect(mskLogicalId(functionKey, cluster, topic)).toBe(
    naming.getMSKEventLogicalId(functionKey, cluster, topic),
  )
  expect(kafkaLogicalId(functionKey, topic)).toBe(naming.getKafkaEventLogicalId(functionKey, topic))
})
