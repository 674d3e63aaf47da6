import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { startTestBroker } from './broker/testing/call-api.ts'
import { setRetention } from './set-retention.ts'

const HOUR_MS = 3_600_000

/** A broker with topics that keep their records for 3 h, for 9 h and for good, and what `setRetention` logs there. */
async function startCluster() {
  const broker = await startTestBroker()
  const brokers = [broker.endpoint]
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  const kept = (topic: string, ms: number) => ({
    topic,
    configEntries: [
      { name: 'retention.ms', value: String(ms) },
      { name: 'max.message.bytes', value: '5000' },
    ],
  })
  await admin.createTopics({
    topics: [kept('short', 3 * HOUR_MS), kept('long', 9 * HOUR_MS), kept('ever', -1)],
  })
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const configs = async () => {
    const resources = ['short', 'long', 'ever'].map((name) => ({ type: 2, name }))
    const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false })
    return found.map(({ configEntries }) => {
      const configOf = (name: string) => configEntries.find((entry) => entry.configName === name)?.configValue
      return [Number(configOf('retention.ms')) / HOUR_MS, configOf('max.message.bytes')]
    })
  }
  return {
    lines,
    async set(
      mayShorten: boolean,
      retentionMs = { short: 6 * HOUR_MS, long: 6 * HOUR_MS, ever: 6 * HOUR_MS },
    ) {
      await setRetention({ brokers, retentionMs, mayShorten, log })
      return configs()
    },
    stop: () => admin.disconnect(),
  }
}

describe('the retention of topics that exist', () => {
  test('is set in a cluster of our own, and told in one line; their other configs stay', async () => {
    const { set, lines, stop } = await startCluster()

    expect(await set(true)).toEqual([
      [6, '5000'],
      [6, '5000'],
      [6, '5000'],
    ])
    await set(true)

    expect(lines).toEqual([
      'Kafka keeps records as RETENTION says now: short 3 h → 6 h, long 9 h → 6 h, ever for good → 6 h',
    ])
    await stop()
  })

  test('is never made shorter in a cluster of others', async () => {
    const { set, lines, stop } = await startCluster()

    const found = await set(false)

    expect(found.map(([hours]) => hours)).toEqual([6, 9, -1 / HOUR_MS])
    expect(lines).toEqual(['Kafka keeps records as RETENTION says now: short 3 h → 6 h'])
    await stop()
  })

  test('that cannot be read or set is told, and the others are set', async () => {
    const { set, lines, stop } = await startCluster()

    const found = await set(true, { short: 6.5, long: 6 * HOUR_MS, missing: HOUR_MS } as never)

    expect(found.map(([hours]) => hours)).toEqual([3, 6, -1 / HOUR_MS])
    expect(lines).toEqual([
      'Kafka keeps records as RETENTION says now: long 9 h → 6 h',
      expect.stringMatching(
        /^Kafka forgets before the log does, set retention.ms: short 3 h → .*Invalid value 6.5/,
      ),
      'Kafka does not say how long it keeps missing (error 3)',
    ])
    await stop()
  })

  test('of a cluster that cannot be reached is an error', async () => {
    const options = {
      brokers: ['127.0.0.1:1', '127.0.0.1:2'],
      retentionMs: {},
      mayShorten: true,
      log: () => {},
    }

    await expect(setRetention(options)).rejects.toThrow('127.0.0.1:2 is not reachable')
  })
})
