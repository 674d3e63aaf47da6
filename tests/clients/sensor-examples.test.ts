import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type SensorReport, type SensorState, sensorView } from '#shared/domain/sensors/sensor-view.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import type { DecodeRecord, KafkaRecord } from '#shared/pipeline/ports.ts'
import { recordJudge } from '#shared/pipeline/signed-record.ts'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { goExamples, pythonExamples } from './example-programs.ts'
import { interruptWhen, runCommand } from './run-command.ts'
import { startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

/** The messages of a test, and the three oddities. */
const RECORDS = 903
const NOON = Date.parse('2026-03-01T12:00:00Z')
const SENSORS = ['quay-1', 'yard-3', 'mine']

type Summary = {
  readonly records: number
  readonly averages: Readonly<Record<string, SensorReport['average']>>
}
type Message = { readonly key: string; readonly value: string; readonly headers: Record<string, string> }

/** Reading number `n`: in structured and in binary mode, late by up to 8 minutes, of three sensors. */
function messageOf(n: number): Message {
  const sensorId = SENSORS[n % 3] ?? ''
  const time = new Date(NOON + n * 1000 - (n % 5) * 120_000).toISOString()
  const context = { specversion: '1.0', id: `r-${n}`, source: '/test', type: 'sensor.reading', time }
  const data = { sensorId, temperature: (n * 7.317) % 60, ...(n % 4 > 0 && { humidity: (n * 13.7) % 100 }) }
  const structured = { 'content-type': 'application/cloudevents+json' }
  if (n % 2 === 0) return { key: sensorId, value: JSON.stringify({ ...context, data }), headers: structured }
  const attributes = Object.entries(context).map(([name, value]) => [`ce_${name}`, value])
  const headers = { ...Object.fromEntries(attributes), 'content-type': 'application/json' }
  return { key: sensorId, value: JSON.stringify(data), headers }
}

/** What must not be counted: a record that is not an event, an impossible reading, and a repeated event. */
const ODDITIES: readonly Message[] = [
  { key: 'quay-1', value: 'not an event', headers: {} },
  {
    ...messageOf(0),
    value: messageOf(0)
      .value.replace(/"temperature":[^,}]+/, '"temperature":"hot"')
      .replace('r-0', 'x'),
  },
  messageOf(1),
]

describe.each([pythonExamples(), goExamples()])('the examples in $title', (programs) => {
  const { missing, produce, average } = programs
  let broker: Broker
  let topic = ''
  let kafka: Kafka
  beforeAll(async () => {
    if (missing !== null) return
    broker = await startBrokerUnderTest()
    topic = uniqueName('sensor-readings')
    kafka = new Kafka({ brokers: broker.endpoint.split(','), logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true })
    await admin.disconnect()
    const messages = Array.from({ length: 900 }, (_, n) => messageOf(n))
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [...messages, ...ODDITIES] })
    await producer.disconnect()
  })
  afterAll(async () => {
    await broker?.stop()
    programs.remove()
  })

  const argumentsOf = (args: readonly string[], more: readonly string[]) => [
    ...args,
    '--brokers',
    broker.endpoint,
    '--topic',
    topic,
    ...more,
  ]
  const send = async (...more: string[]): Promise<object> =>
    JSON.parse(await runCommand(produce.command, argumentsOf(produce.args, more)))
  const averages = async (group: string, ...more: string[]): Promise<Summary> =>
    JSON.parse(
      await runCommand(
        average.command,
        argumentsOf(average.args, ['--group', group, '--until-end', ...more]),
      ),
    )

  it.skipIf(missing !== null)(
    'read the same events in two groups, each continues where it stopped, and a replay reads all again',
    async () => {
      const [one, two] = [uniqueName('one'), uniqueName('two')]
      const expected = viewOf(await readTopic(kafka, topic))

      const first = await averages(one)
      const other = await averages(two)
      const binary = await send('--sensor', 'attic', '--temperature', '30.5')
      const structured = await send('--sensor', 'attic', '--humidity', '40', '--mode', 'structured')
      const next = await averages(one)
      const replayed = await averages(one, '--from-beginning')

      expect(first).toEqual({ records: RECORDS, averages: expected })
      expect(other).toEqual(first)
      expect(structured).toMatchObject({ topic })
      expect(binary).toMatchObject({ topic, partition: (structured as { partition: number }).partition })
      const attic = { temperature: 30.5, humidity: 40 }
      expect(next).toEqual({ records: 2, averages: { attic } })
      expect(replayed).toEqual({ records: RECORDS + 2, averages: { ...expected, attic } })
      expect(viewOf(await readTopic(kafka, topic))).toEqual(replayed.averages)
    },
  )

  it.skipIf(missing !== null)(
    'commit what they have counted when they are interrupted, and end without an error',
    async () => {
      const group = uniqueName('interrupted')
      const args = argumentsOf(average.args, ['--group', group])

      const output = await interruptWhen(average.command, args, (text) => text.split('\n').length > 500)
      const { records } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Summary
      const rest = await averages(group)
      const total = (await readTopic(kafka, topic)).length

      expect(records).toBeGreaterThanOrEqual(500)
      expect(records + rest.records).toBe(total)
    },
  )
})

/** Returns the averages of every sensor from the view of the domain, over the records that its decoder accepts. */
function viewOf(records: readonly KafkaRecord[]): Summary['averages'] {
  const decode = recordDecoder(createCatalog(domains), recordJudge([]))
  const states = new Map<string, SensorState>()
  const seen = new Set<string>()
  for (const record of records) {
    const event = decodeOrNull(decode, record)
    if (event === null || seen.has(event.id)) continue
    seen.add(event.id)
    const input = { ...record, event }
    for (const key of sensorView.keys?.(input) ?? [])
      states.set(key, sensorView.apply(states.get(key) ?? sensorView.initial(key), input, key))
  }
  const reports = [...states].map(
    ([key, state]) => [key, sensorView.present?.(state, 0, key) as SensorReport] as const,
  )
  return Object.fromEntries(reports.map(([key, { average }]) => [key, average]))
}

function decodeOrNull(decode: DecodeRecord, record: KafkaRecord): CloudEvent | null {
  try {
    return decode(record).event
  } catch {
    return null // in the pipeline it would become a dead letter
  }
}

/** Every record of a topic, each partition in its order. */
async function readTopic(kafka: Kafka, topic: string): Promise<readonly KafkaRecord[]> {
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const total = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const consumer = kafka.consumer({ groupId: uniqueName('check') })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const records: KafkaRecord[] = []
  await new Promise<void>((done) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        const { offset, timestamp, key, value, headers = {} } = message
        const pairs = Object.entries(headers).flatMap(([name, bytes]) =>
          Buffer.isBuffer(bytes) ? [{ name, value: bytes }] : [],
        )
        const position = { topic, partition, offset: Number(offset), timestamp: Number(timestamp) }
        records.push({ ...position, key, value, headers: pairs })
        if (records.length === total) done()
      },
    })
  })
  await consumer.disconnect()
  return records
}
