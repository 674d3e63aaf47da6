import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePorts } from '../../../tests/support/free-ports.ts'
import ServerlessOfflineMsk from './plugin.ts'

let serviceDir = ''
let stop = async (): Promise<void> => {}
beforeEach(async () => {
  serviceDir = await mkdtemp(join(tmpdir(), 'serverless-offline-msk-'))
})
afterEach(async () => {
  await stop()
  await rm(serviceDir, { recursive: true, force: true })
})

class FrameworkError extends Error {}

const invoiceMapping = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { 'Fn::GetAtt': ['FulfilLambdaFunction', 'Arn'] },
    EventSourceArn: { Ref: 'Cluster' },
    Topics: ['invoices'],
    StartingPosition: 'LATEST',
    DestinationConfig: { OnFailure: { Destination: 'kafka://invoices-dead' } },
  },
}

function setUp(settings: unknown, provider: { environment?: Record<string, unknown> } = {}, batchSize = 10) {
  const arn = 'arn:aws:kafka:eu-central-1:000000000000:cluster/orders/1'
  const events = [{ msk: { arn, topic: 'orders', batchSize, onFailureDestination: 'kafka://orders-dead' } }]
  const service = {
    service: 'orders',
    provider,
    functions: { fulfil: { handler: 'fulfil.handler', events } },
    resources: { Resources: { InvoiceMapping: invoiceMapping } },
    custom: { 'serverless-offline-msk': settings },
  }
  const lines: string[] = []
  const log = { notice: (line: string) => lines.push(line) }
  const serverless = { serviceDir, service, classes: { Error: FrameworkError } }
  const { hooks } = new ServerlessOfflineMsk(serverless, {}, { log })
  stop = async () => hooks['before:offline:start:end']?.()
  return { start: async () => hooks['before:offline:start:init']?.(), provider, lines }
}

test('the embedded broker has the topics of the events, the resources, their failures and the settings', async () => {
  const [kafkaPort] = await freePorts(1)
  const { start, provider, lines } = setUp({ kafkaPort, partitions: 2, topics: { orders: 3, refunds: 1 } })
  await start()

  const endpoint = `127.0.0.1:${kafkaPort}`
  const admin = new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata()
  await admin.disconnect()
  const counts = topics.map(({ name, partitions }) => [name, partitions.length])
  expect(Object.fromEntries(counts)).toEqual({
    orders: 3,
    'orders-dead': 2,
    invoices: 2,
    'invoices-dead': 2,
    refunds: 1,
  })
  expect(provider.environment).toEqual({ KAFKA_BROKERS: endpoint })
  expect(lines).toEqual([`[msk] Kafka: ${endpoint}, data in .serverless-offline-msk`])
})

test('a cluster of the project is used, and what the functions know already is kept', async () => {
  const { start, provider, lines } = setUp(
    { brokers: 'a:9092,b:9092' },
    { environment: { KAFKA_BROKERS: 'kafka:9092', STAGE: 'dev' } },
  )
  await start()

  expect(provider.environment).toEqual({ KAFKA_BROKERS: 'kafka:9092', STAGE: 'dev' })
  expect(lines).toEqual(['[msk] Kafka: a:9092,b:9092'])
})

test('bad settings, bad events and a port in use are errors of the framework', async () => {
  const [kafkaPort = 0] = await freePorts(1)
  await setUp({ kafkaPort }).start()
  const stopFirst = stop

  await expect(setUp({ partitions: 0 }).start()).rejects.toThrow(FrameworkError)
  await expect(setUp({}, {}, 0).start()).rejects.toThrow('batchSize must be a whole number from 1 to 10000')
  await expect(setUp({ kafkaPort }).start()).rejects.toThrow(`Port ${kafkaPort} is in use`)
  stop = stopFirst
})
