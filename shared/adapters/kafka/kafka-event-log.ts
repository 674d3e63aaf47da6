import { Kafka, type KafkaConfig, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import type { Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { RawLog, RawRecord } from '#shared/pipeline/ports.ts'
import { within } from '#shared/pipeline/within.ts'
import { gatherWrites, type WriteRecords } from './gather-writes.ts'

/** A write that takes longer is refused. The request then ends within 5 s, with the time to take and release leases. */
const PATIENCE_MS = 4000
const RETRY_AFTER_SECONDS = 2
/**
 * The network drops idle connections without notice, above all those of a frozen sandbox, and a write on one waits in
 * vain. By the time of day: while a machine sleeps, other clocks may stand still.
 */
const LONGEST_IDLE_MS = 60_000

/**
 * The EventLog on Kafka. One producer for the life of the sandbox, connected by its first write (kafkajs in Lambda:
 * https://github.com/tulios/kafkajs/issues/1423), and connected again after a write failed, or after a minute without one.
 * Writes that wait at the same time are sent together.
 */
export function kafkaEventLog(
  config: Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl' | 'clientId'>,
  {
    patienceMs = PATIENCE_MS,
    now = Date.now,
  }: { readonly patienceMs?: number; readonly now?: () => number } = {},
): RawLog {
  const kafka = new Kafka({
    connectionTimeout: 2000,
    requestTimeout: 3500,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.NOTHING, // failures are thrown, with their cause
    ...config,
  })
  let connected: Promise<Writer> | null = null
  let used = now()
  const drop = (writer: Promise<Writer>) => {
    if (connected === writer) connected = null
    writer.then((open) => open.close()).catch(() => {}) // the writes that wait for it fail with its error
  }
  const writer = () => {
    const time = now()
    if (connected && time - used > LONGEST_IDLE_MS) drop(connected)
    used = time
    connected ??= connectWriter(kafka)
    return connected
  }
  return {
    async append(records) {
      const attempt = writer()
      try {
        return await within(
          patienceMs,
          attempt.then((open) => open.write(records)),
          `no response from Kafka within ${patienceMs} ms`,
        )
      } catch (cause) {
        if (!isRefusal(cause)) drop(attempt)
        const detail =
          'Kafka did not confirm the write in time. Send it again: an event with an id, or a request with an Idempotency-Key, is not doubled.'
        throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
}

/**
 * Whether the broker refused the records, such as one that is too large. The connection is still good. By name, because
 * Node finds no classes of errors among the exports of kafkajs.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'KafkaJSProtocolError') return false
  return 'retriable' in error && error.retriable === false
}

type Writer = { readonly write: WriteRecords; close(): Promise<void> }

async function connectWriter(kafka: Kafka): Promise<Writer> {
  const producer = kafka.producer({
    // The default partitioner (Java's murmur2 of the key). Its choice is left in the message: kafkajs does not return it.
    createPartitioner: () => {
      const choose = Partitioners.DefaultPartitioner()
      return (args) => {
        args.message.partition = choose(args)
        return args.message.partition
      }
    },
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  return {
    write: gatherWrites((records) => write(producer, records), isRefusal),
    close: () => producer.disconnect(),
  }
}

async function write(producer: Producer, records: readonly RawRecord[]): Promise<Position[]> {
  const byTopic = new Map<string, Message[]>()
  const messages = records.map(({ topic, key, value, headers, partition }) => {
    // kafkajs takes any bytes, although its types name Buffer.
    const message = { key, value, headers } as Message
    if (partition !== undefined) message.partition = partition
    const own = byTopic.get(topic)
    if (own) own.push(message)
    else byTopic.set(topic, [message])
    return message
  })
  const topicMessages = [...byTopic].map(([topic, own]) => ({ topic, messages: own }))
  const answers = await producer.sendBatch({ acks: -1, topicMessages })
  const next = new Map(
    answers.map(({ topicName, partition, baseOffset }) => [`${topicName}-${partition}`, Number(baseOffset)]),
  )
  return records.map(({ topic }, index) => {
    const partition = messages[index]?.partition
    const name = `${topic}-${partition}`
    const offset = next.get(name)
    if (partition === undefined || offset === undefined)
      throw new Error(`Kafka returned no position for ${topic}`)
    next.set(name, offset + 1)
    return { topic, partition, offset }
  })
}
