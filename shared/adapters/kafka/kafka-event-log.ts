import { Kafka, type KafkaConfig, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import type { Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { EventLog, NewRecord } from '#shared/pipeline/ports.ts'

/** A write that takes longer is refused. The request then ends within 5 s, with the time to take and release leases. */
const PATIENCE_MS = 4000
const RETRY_AFTER_SECONDS = 2

/**
 * The EventLog on Kafka. One producer for the life of the sandbox, connected by its first write (kafkajs in Lambda:
 * https://github.com/tulios/kafkajs/issues/1423), and connected again after a write failed.
 */
export function kafkaEventLog(
  config: Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl' | 'clientId'>,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): EventLog {
  const kafka = new Kafka({
    connectionTimeout: 2000,
    requestTimeout: 3500,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.NOTHING, // failures are thrown, with their cause
    ...config,
  })
  let connected: Promise<Writer> | null = null
  const writer = () => {
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
        )
      } catch (cause) {
        if (connected === attempt) connected = null
        attempt.then((open) => open.close()).catch(() => {}) // already reported below
        const detail =
          'Kafka did not confirm the write in time. Send it again: an event with an id, or a request with an Idempotency-Key, is not doubled.'
        throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
}

type Writer = { write(records: readonly NewRecord[]): Promise<Position[]>; close(): Promise<void> }

async function connectWriter(kafka: Kafka): Promise<Writer> {
  const partitions = new WeakMap<Message, number>()
  const producer = kafka.producer({
    // The default partitioner (Java's murmur2 of the key). Its choice is recorded: kafkajs does not return it per message.
    createPartitioner: () => {
      const choose = Partitioners.DefaultPartitioner()
      return (args) => {
        const partition = choose(args)
        partitions.set(args.message, partition)
        return partition
      }
    },
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  return { write: (records) => write(producer, partitions, records), close: () => producer.disconnect() }
}

async function write(
  producer: Producer,
  partitions: WeakMap<Message, number>,
  records: readonly NewRecord[],
): Promise<Position[]> {
  const messages = records.map(({ key, value, headers, partition }) => ({
    key,
    value: value as Buffer,
    headers,
    ...(partition !== undefined && { partition }),
  }))
  const byTopic = Map.groupBy(records.keys(), (index) => records[index]?.topic ?? '')
  const answers = await producer.sendBatch({
    acks: -1,
    topicMessages: [...byTopic].map(([topic, indices]) => ({
      topic,
      messages: indices.flatMap((index) => messages[index] ?? []),
    })),
  })
  const next = new Map(
    answers.map(({ topicName, partition, baseOffset }) => [`${topicName}-${partition}`, Number(baseOffset)]),
  )
  return records.map(({ topic }, index) => {
    const message = messages[index]
    const partition = message && partitions.get(message)
    const offset = next.get(`${topic}-${partition}`)
    if (partition === undefined || offset === undefined)
      throw new Error(`Kafka returned no position for ${topic}`)
    next.set(`${topic}-${partition}`, offset + 1)
    return { topic, partition, offset }
  })
}

/** A plain timer: an aborted sleep creates an error with its stack, which was a third of the CPU of a single post. */
async function within<T>(patienceMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`no response from Kafka within ${patienceMs} ms`)),
    patienceMs,
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
