import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { javaProblem } from './jvm.ts'
import { kafkaTool, startApacheKafka } from './start-apache-kafka.ts'

const skipped = process.env.JAVA_TESTS
  ? await javaProblem()
  : 'set JAVA_TESTS=1 to run it: it starts a JVM and downloads its jars once'
if (skipped) console.log(`skipping the Apache Kafka test: ${skipped}`)

test.skipIf(skipped)(
  'a record produced by kafkajs is read by the command-line consumer and survives a restart',
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'apache-kafka-'))
    const first = await startApacheKafka({ dataDir })
    await produce(first.endpoint, 'ships', 'hello')
    const listed = await kafkaTool('topics', ['--bootstrap-server', first.endpoint, '--list'])
    await first.stop()

    const second = await startApacheKafka({ dataDir })
    const read = await kafkaTool('console-consumer', consume(second.endpoint, 'ships'))
    await second.stop()
    await rm(dataDir, { recursive: true, force: true })

    expect(listed).toEqual({ code: 0, stdout: 'ships\n', stderr: '' })
    expect(read.stdout).toBe('hello\n')
  },
  120_000,
)

const consume = (endpoint: string, topic: string): string[] => {
  return [
    '--bootstrap-server',
    endpoint,
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    '1',
    '--timeout-ms',
    '20000',
  ]
}

async function produce(endpoint: string, topic: string, value: string): Promise<void> {
  const kafka = new Kafka({ brokers: [endpoint], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 3 }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, acks: -1, messages: [{ key: 'a', value }] })
  await producer.disconnect()
}
