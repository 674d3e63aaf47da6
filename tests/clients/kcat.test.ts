import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { runCommand, sortedLines, succeeds } from './run-command.ts'
import { createTopicFor, startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

const missing = !succeeds('kcat', ['-V'])
const reason = missing ? ' (skipped: kcat is not installed)' : ''

describe(`kcat, which is librdkafka${reason}`, () => {
  let broker: Broker
  beforeAll(async () => {
    if (!missing) broker = await startBrokerUnderTest()
  })
  afterAll(() => broker?.stop())

  const kcat = (args: readonly string[], input?: string) =>
    runCommand('kcat', ['-b', broker.endpoint, ...args], input)
  const readAll = (topic: string) => kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%k=%s\n'])

  it.skipIf(missing)(`reads back what it produced${reason}`, async () => {
    const topic = await createTopicFor('kcat', broker)

    await kcat(['-P', '-t', topic, '-K', ':', '-X', 'enable.idempotence=true'], 'a:1\nb:2\nc:3\n')

    expect(sortedLines(await readAll(topic))).toEqual(['a=1', 'b=2', 'c=3'])
  })

  it.skipIf(missing).each(['gzip', 'snappy', 'lz4', 'zstd'])(
    `produces and reads %s${reason}`,
    async (codec) => {
      const topic = await createTopicFor('kcat', broker)
      const values = Array.from({ length: 100 }, (_, index) => `k:${codec}-${String(index).padStart(3, '0')}`)

      await kcat(['-P', '-t', topic, '-K', ':', '-z', codec], `${values.join('\n')}\n`)

      const expected = values.map((value) => value.replace(':', '='))
      expect(sortedLines(await readAll(topic))).toEqual(expected)
    },
  )

  it.skipIf(missing)(`consumes in a group and continues where the group stopped${reason}`, async () => {
    const topic = await createTopicFor('kcat', broker)
    const group = uniqueName('group')
    const consume = () =>
      kcat(['-G', group, '-e', '-q', '-X', 'auto.offset.reset=earliest', '-f', '%s\n', topic]).then(
        sortedLines,
      )
    await kcat(['-P', '-t', topic], 'one\ntwo\n')

    const first = await consume()
    await kcat(['-P', '-t', topic], 'three\n')

    expect(first).toEqual(['one', 'two'])
    expect(await consume()).toEqual(['three'])
  })

  it.skipIf(missing)(`lists the cluster and looks up offsets by time${reason}`, async () => {
    const topic = await createTopicFor('kcat', broker)
    await kcat(['-P', '-t', topic], 'one\n')

    expect(await kcat(['-L', '-t', topic])).toContain(`topic "${topic}"`)
    expect(await kcat(['-Q', '-t', `${topic}:0:1`])).toContain(`${topic} [0] offset 0`)
  })
})
