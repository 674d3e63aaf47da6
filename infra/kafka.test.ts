import { describe, expect, test } from 'vitest'
import { kafka, kafkaEnvironment, kafkaFunctions, topicResource } from './kafka.ts'
import { network } from './network.ts'
import { CLUSTER_ARN, exampleDeployment, SECRET_ARN, SHAPES } from './testing/example-deployment.ts'

const shape = (name: keyof typeof SHAPES) => exampleDeployment(SHAPES[name])
const shapes = Object.entries(SHAPES)
const BROKERS = { 'Fn::GetAtt': ['KafkaBrokers', 'Brokers'] }

describe('the functions find Kafka', () => {
  test.each([
    ['serverless', BROKERS, 'iam', ''],
    ['provisioned', BROKERS, 'iam', ''],
    ['provisioned with scram', BROKERS, 'scram-sha-512', { Ref: 'KafkaUser' }],
    ['existing', BROKERS, 'iam', ''],
    ['existing with scram', BROKERS, 'scram-sha-512', SECRET_ARN],
    ['external', 'a.example.com:9092,b.example.com:9093', 'scram-sha-512', SECRET_ARN],
  ])('%s', async (name, brokers, auth, secret) => {
    expect(kafkaEnvironment(await shape(name))).toMatchObject({
      KAFKA_BROKERS: brokers,
      KAFKA_AUTH: auth,
      KAFKA_SECRET_ARN: secret,
    })
  })

  test('of an existing cluster at brokers that are given', async () => {
    const kafkaBrokers = 'b-1.shared.example.com:9098'
    const deployment = await exampleDeployment({ ...SHAPES.existing, kafkaBrokers })

    expect(kafkaEnvironment(deployment).KAFKA_BROKERS).toBe(kafkaBrokers)
    expect(Object.keys(kafka(deployment).Resources ?? {})).toEqual(['KafkaTopics'])
  })

  test('of the local stack without signing in', async () => {
    const local = await exampleDeployment({}, { stage: 'local' })

    expect(kafkaEnvironment(local)).toMatchObject({ KAFKA_BROKERS: 'localhost:9092', KAFKA_AUTH: 'none' })
    expect([kafka(local), kafkaFunctions(local)]).toEqual([{}, {}])
  })
})

describe('the Kafka of a stage', () => {
  test.each(shapes)('refers only to what is there: %s', async (_, parameters) => {
    const deployment = await exampleDeployment(parameters)
    const { Resources = {} } = kafka(deployment)
    const functions = Object.keys(kafkaFunctions(deployment)).map((key) =>
      key === 'kafka-brokers' ? 'KafkaDashbrokersLambdaFunction' : 'KafkaDashtopicsLambdaFunction',
    )
    const known = [
      ...Object.keys(Resources),
      ...Object.keys(network(deployment).Resources ?? {}),
      ...functions,
    ]
    const text = JSON.stringify(Resources)
    const named = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"([A-Za-z0-9]+)"/g)].map(
      ([, name]) => name ?? '',
    )
    const awaited = Object.values(Resources).flatMap(({ DependsOn = [] }) => DependsOn)

    expect([...named, ...awaited].filter((name) => !known.includes(name))).toEqual([])
  })

  test.each(shapes)('has every topic, with its prefix and its retention: %s', async (_, parameters) => {
    const deployment = await exampleDeployment(parameters)
    const { Resources = {} } = kafka(deployment)
    const own = Object.values(Resources).filter(({ Type }) => Type === 'AWS::MSK::Topic')
    const listed = (Resources.KafkaTopics?.Properties?.Topics ?? []) as {
      Name: string
      RetentionMs: number
    }[]

    const topics = [
      ...own.map(({ Properties }) => [
        Properties?.TopicName,
        JSON.parse(Buffer.from(String(Properties?.Configs), 'base64').toString())['retention.ms'],
      ]),
      ...listed.map(({ Name, RetentionMs }) => [Name, String(RetentionMs)]),
    ]
    const week = 7 * 86_400_000
    expect(topics.map(([name]) => name)).toEqual(
      deployment.topics.map((topic) => `${deployment.topicPrefix}${topic}`),
    )
    expect(topics.every(([, retention]) => Number(retention) >= week)).toBe(true)
  })

  test.each(shapes)('has a resource that triggers wait for: %s', async (_, parameters) => {
    const deployment = await exampleDeployment(parameters)
    const awaited = deployment.topics.map((topic) => topicResource(deployment, topic))

    expect(Object.keys(kafka(deployment).Resources ?? {})).toEqual(expect.arrayContaining(awaited))
  })

  test('has its functions outside of the VPC for brokers, and inside for topics', async () => {
    const functions = kafkaFunctions(await shape('serverless'))

    expect(functions).toMatchObject({
      'kafka-brokers': { environment: { KAFKA_BROKERS: '' } },
      'kafka-topics': { vpc: { subnetIds: [{ Ref: 'PrivateSubnetA' }, { Ref: 'PrivateSubnetB' }] } },
    })
    expect(functions['kafka-brokers']).not.toHaveProperty('vpc')
    expect(Object.keys(kafkaFunctions(await shape('provisioned')))).toEqual(['kafka-brokers'])
    expect(Object.keys(kafkaFunctions(await shape('external')))).toEqual(['kafka-topics'])
  })

  test('that exists is not created, and its brokers are asked for by its ARN', async () => {
    const { Resources = {} } = kafka(await shape('existing with scram'))

    expect(Object.keys(Resources)).toEqual(['KafkaBrokers', 'KafkaTopics'])
    expect(Resources.KafkaBrokers?.Properties).toMatchObject({ ClusterArn: CLUSTER_ARN, Auth: 'scram' })
  })

  test('that is provisioned speaks TLS only, has a replica in each zone, and may lose one', async () => {
    const { Resources = {} } = kafka(await shape('provisioned'))

    expect(Resources.KafkaCluster?.Properties).toMatchObject({
      NumberOfBrokerNodes: 3,
      EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS' } },
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
    })
    expect(Resources.KafkaConfiguration?.Properties?.ServerProperties).toContain('min.insync.replicas=2')
    expect(Resources.TopicPortEvents?.Properties).toMatchObject({ ReplicationFactor: 3, PartitionCount: 3 })
  })

  test('with SCRAM has a user whose password nobody wrote down', async () => {
    const { Resources = {} } = kafka(await shape('provisioned with scram'))

    expect(JSON.stringify(Resources.KafkaUser?.Properties?.Name)).toContain('AmazonMSK_tidewire-prod-')
    expect(Resources.KafkaUser?.Properties).toMatchObject({
      KmsKeyId: { Ref: 'KafkaUserKey' },
      GenerateSecretString: { GenerateStringKey: 'password' },
    })
    expect(Resources.TopicPortEvents?.DependsOn).toBe('KafkaUserOfCluster')
  })
})
