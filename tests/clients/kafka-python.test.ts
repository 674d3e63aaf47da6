import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { runCommand, succeeds } from './run-command.ts'
import { startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

const PYTHON = '/usr/bin/python3'
const missing = !succeeds(PYTHON, ['-c', 'import kafka'])
const reason = missing ? ` (skipped: ${PYTHON} has no kafka module)` : ''

const setup = `
import json, sys
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
brokers, topic, group = sys.argv[1:4]
admin = KafkaAdminClient(bootstrap_servers=brokers)
admin.create_topics([NewTopic(topic, 2, 1)])
producer = KafkaProducer(bootstrap_servers=brokers, acks='all', compression_type='gzip')
def produce(*values):
    return [producer.send(topic, value=value.encode(), partition=0).get(30).offset for value in values]
def consume(count):
    consumer = KafkaConsumer(topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset='earliest')
    values = [next(consumer).value.decode() for _ in range(count)]
    consumer.commit()
    consumer.close()
    return values
`

describe(`kafka-python${reason}`, () => {
  let broker: Broker
  beforeAll(async () => {
    if (!missing) broker = await startBrokerUnderTest()
  })
  afterAll(() => broker?.stop())

  const run = async (script: string): Promise<unknown> => {
    const args = [broker.endpoint, uniqueName('python'), uniqueName('group')]
    return JSON.parse(await runCommand(PYTHON, ['-c', `${setup}\n${script}`, ...args]))
  }

  it.skipIf(missing)(
    `reads back what it produced and continues where the group stopped${reason}`,
    async () => {
      const result = await run(`
offsets = produce('a', 'b')
first = consume(2)
offsets += produce('c')
print(json.dumps([offsets, first, consume(1)]))`)

      expect(result).toEqual([[0, 1, 2], ['a', 'b'], ['c']])
    },
  )

  it.skipIf(missing)(`administers topics, groups and offsets${reason}`, async () => {
    const result = await run(`
produce('a', 'b')
consume(2)
partition = TopicPartition(topic, 0)
consumer = KafkaConsumer(bootstrap_servers=brokers)
listed = group in [name for name, _ in admin.list_consumer_groups()]
committed = admin.list_consumer_group_offsets(group)[partition].offset
state = admin.describe_consumer_groups([group])[0].state
ends = [consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]]
by_time = consumer.offsets_for_times({partition: 1})[partition].offset
admin.delete_topics([topic])
print(json.dumps([listed, committed, state, ends, by_time, topic in admin.list_topics()]))`)

    expect(result).toEqual([true, 2, 'Empty', [0, 2], 0, false])
  })
})
