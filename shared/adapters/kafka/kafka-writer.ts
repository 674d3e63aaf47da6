import { Kafka, type KafkaConfig, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import type { Position } from '#shared/core/event.ts'
import type { RawRecord } from '#shared/pipeline/ports.ts'
import { heardWithin } from './connection-age.ts'
import { gatherWrites, type WriteRecords } from './gather-writes.ts'
import { trackedSockets } from './tracked-sockets.ts'

/** A producer and its connections. */
export type KafkaWriter = {
  /** When it was made, in milliseconds since the epoch. */
  readonly opened: number
  /** Connects, if it is not connected; of topics it also learns where their partitions are. */
  open(topics: readonly string[]): Promise<void>
  readonly write: WriteRecords
  /** Whether a write has succeeded, or it was opened. */
  hasWorked(): boolean
  /** Disconnects when what is under way is done. */
  close(): Promise<void>
  /** Ends the connections at once. What is under way fails. */
  destroy(): void
}

type Options = { readonly opened: number; readonly silenceMs: number }

/** Makes a writer. It connects with its first write. */
export function createWriter(config: KafkaConfig, { opened, silenceMs }: Options): KafkaWriter {
  const sockets = trackedSockets()
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {}) // there may be nothing under way
  const producer = createProducer({ ...config, socketFactory: sockets.open })
  let connecting: Promise<void> | null = null
  let hasWorked = false
  let underWay = 0
  let done = () => {}
  const connect = () => {
    connecting ??= producer.connect()
    return Promise.race([connecting, ended.promise])
  }
  const send = async (records: readonly RawRecord[]) => {
    const sending = Promise.race([sendTo(producer, records), ended.promise])
    // The first one connects, and reads what is where.
    if (!hasWorked) return sending
    return heardWithin(
      silenceMs,
      sending,
      `no response from Kafka within ${silenceMs} ms on a connection that worked`,
    )
  }
  const gathered = gatherWrites(send, isRefusal)
  const disconnect = async () => {
    await producer.disconnect()
    sockets.destroy()
  }
  return {
    opened,
    hasWorked: () => hasWorked,
    async open(topics) {
      await connect()
      // Without messages it sends nothing but a request for metadata.
      const topicMessages = topics.map((topic) => ({ topic, messages: [] }))
      if (topics.length > 0) await producer.sendBatch({ topicMessages })
      hasWorked = true
    },
    async write(records) {
      underWay++
      try {
        await connect()
        const positions = await gathered(records)
        hasWorked = true
        return positions
      } finally {
        underWay--
        if (underWay === 0) done()
      }
    },
    async close() {
      if (underWay > 0) await new Promise<void>((resolve) => (done = resolve))
      await disconnect()
    },
    destroy() {
      ended.reject(new Error('the connections to Kafka were given up'))
      sockets.destroy()
      producer.disconnect().catch(() => {})
    },
  }
}

/**
 * Whether the broker refused the records, such as one that is too large. The connection is still good. By name, because
 * Node finds no classes of errors among the exports of kafkajs.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'KafkaJSProtocolError') return false
  return 'retriable' in error && error.retriable === false
}

/** How soon a writer notices that a topic has more partitions; kafkajs looks every five minutes by itself. */
const METADATA_MS = 10_000

function createProducer(config: KafkaConfig): Producer {
  const kafka = new Kafka({
    connectionTimeout: 1500,
    requestTimeout: 3500,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.NOTHING, // failures are thrown, with their cause
    ...config,
  })
  return kafka.producer({
    // The default partitioner (Java's murmur2 of the key). Its choice is left in the message: kafkajs does not return it.
    createPartitioner: () => {
      const choose = Partitioners.DefaultPartitioner()
      return (args) => {
        args.message.partition = choose(args)
        return args.message.partition
      }
    },
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MS,
  })
}

async function sendTo(producer: Producer, records: readonly RawRecord[]): Promise<Position[]> {
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
