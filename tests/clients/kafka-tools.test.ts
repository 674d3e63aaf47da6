import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { ensureKafkaJars, type KafkaTool, kafkaTool } from '../../localstack/java/start-apache-kafka.ts'
import { sortedLines, succeeds } from './run-command.ts'
import { createTopicFor, startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

const problem = await findProblem()
const reason = problem ? ` (skipped: ${problem})` : ''

async function findProblem(): Promise<string | undefined> {
  if (!succeeds('java', ['-version'])) return 'java is not installed'
  return ensureKafkaJars().then(
    () => undefined,
    (error: Error) => error.message,
  )
}

describe(`the command-line tools of Apache Kafka 4${reason}`, () => {
  let broker: Broker
  beforeAll(async () => {
    if (!problem) broker = await startBrokerUnderTest()
  })
  afterAll(() => broker?.stop())

  const run = async (tool: KafkaTool, args: string[], input?: string): Promise<string> => {
    const result = await kafkaTool(
      tool,
      ['--bootstrap-server', broker.endpoint, ...args],
      input === undefined ? {} : { input },
    )
    if (result.code !== 0)
      throw new Error(`${tool} ended with ${result.code}\n${result.stdout}\n${result.stderr}`)
    return result.stdout
  }
  const createTopic = async (): Promise<string> => {
    const topic = uniqueName('tools')
    await run('topics', [
      '--create',
      '--topic',
      topic,
      '--partitions',
      '2',
      '--config',
      'retention.ms=3600000',
    ])
    return topic
  }

  it.skipIf(problem)(
    `kafka-topics creates, describes, extends, lists and deletes a topic${reason}`,
    async () => {
      const topic = await createTopic()

      const described = await run('topics', ['--describe', '--topic', topic])
      await run('topics', ['--alter', '--topic', topic, '--partitions', '3'])
      const extended = await run('topics', ['--describe', '--topic', topic])
      const before = await run('topics', ['--list'])
      await run('topics', ['--delete', '--topic', topic])
      const after = await run('topics', ['--list'])

      expect(described).toMatch(/PartitionCount: 2\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=3600000/)
      expect(extended).toContain('PartitionCount: 3')
      expect(sortedLines(before)).toContain(topic)
      expect(sortedLines(after)).not.toContain(topic)
    },
  )

  // gzip and zstd have one form each; these two have others than in librdkafka.
  it.skipIf(problem).each(['snappy', 'lz4'])(
    `what the console producer compresses with %s is read by the functions${reason}`,
    async (codec) => {
      const topic = await createTopic()
      const values = Array.from({ length: 3000 }, (_, n) => `the same text, so that it is compressed ${n}`)
      await run(
        'console-producer',
        ['--topic', topic, '--compression-codec', codec],
        `${values.join('\n')}\n`,
      )

      const reader = kafkaLogReader({ brokers: broker.endpoint.split(','), clientId: 'reader-test' })
      const read: string[] = []
      const take = async (records: readonly KafkaRecord[]) => {
        read.push(...records.map(({ value }) => String(value)))
      }
      await reader.read(await reader.held([topic]), take, new AbortController().signal)

      expect(read.sort()).toEqual(values.sort())
    },
  )

  it.skipIf(problem)(
    `the console clients produce and consume in a group that can be described${reason}`,
    async () => {
      const topic = await createTopic()
      const group = uniqueName('group')

      await run('console-producer', ['--topic', topic], 'one\ntwo\nthree\n')
      const args = ['--topic', topic, '--group', group, '--from-beginning', '--max-messages', '3']
      const consumed = await run('console-consumer', args)
      const described = await run('consumer-groups', ['--describe', '--group', group])
      const state = await run('consumer-groups', ['--describe', '--group', group, '--state'])

      expect(sortedLines(consumed)).toEqual(expect.arrayContaining(['one', 'three', 'two']))
      expect(committedTotal(described, topic)).toBe(3)
      expect(state).toContain('Empty')
    },
  )

  it.skipIf(problem)(`kafka-consumer-groups lists, resets and deletes a group${reason}`, async () => {
    const topic = await createTopic()
    const group = uniqueName('group')
    await run('console-producer', ['--topic', topic], 'one\ntwo\n')
    const reset = ['--group', group, '--topic', topic, '--reset-offsets', '--execute']

    await run('consumer-groups', [...reset, '--to-latest'])
    const latest = await run('consumer-groups', ['--describe', '--group', group])
    await run('consumer-groups', [...reset, '--to-earliest'])
    const earliest = await run('consumer-groups', ['--describe', '--group', group])
    const before = await run('consumer-groups', ['--list'])
    await run('consumer-groups', ['--delete', '--group', group])
    const after = await run('consumer-groups', ['--list'])

    expect([committedTotal(latest, topic), committedTotal(earliest, topic)]).toEqual([2, 0])
    expect(sortedLines(before)).toContain(group)
    expect(sortedLines(after)).not.toContain(group)
  })

  it.skipIf(problem)(`kafka-configs changes and describes a topic${reason}`, async () => {
    const entity = ['--entity-type', 'topics', '--entity-name', await createTopicFor('tools', broker)]

    const change = ['--add-config', 'cleanup.policy=[compact,delete],segment.ms=9000']
    await run('configs', ['--alter', ...entity, ...change])
    const described = await run('configs', ['--describe', ...entity])

    expect(described).toMatch(/cleanup\.policy=compact,delete .*\n\s+segment\.ms=9000 /)
  })

  it.skipIf(problem)(`kafka-log-dirs and kafka-metadata-quorum describe the node${reason}`, async () => {
    const topic = await createTopicFor('tools', broker)

    const directories = await run('log-dirs', ['--describe', '--topic-list', topic])
    const status = await run('metadata-quorum', ['describe', '--status'])

    expect(directories).toContain(`{"partition":"${topic}-0","size":0,"offsetLag":0,"isFuture":false}`)
    expect(status).toMatch(/LeaderId:\s+1\n/)
  })
})

/** The sum of CURRENT-OFFSET, the fourth column. */
function committedTotal(described: string, topic: string): number {
  const rows = described.split('\n').map((line) => line.split(/\s+/))
  return rows.filter(([, name]) => name === topic).reduce((sum, row) => sum + Number(row[3]), 0)
}
