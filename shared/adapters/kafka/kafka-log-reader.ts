import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { type Admin, type Batch, type Consumer, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import type { KafkaRecord, LogReader, Span } from '#shared/pipeline/ports.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { prefixedReader } from './prefixed-topics.ts'

type Options = Pick<KafkaConfig, 'connectionTimeout' | 'requestTimeout' | 'retry'> & {
  /** What the names of its consumer groups begin with: stages may share a cluster. */
  readonly groupPrefix?: string
  /** After so long without a record the reading fails: what is missing may be transaction markers, or Kafka hangs. */
  readonly silenceMs?: number
}

/** The LogReader on Kafka: a consumer group of its own for each reading, which commits nothing. */
export function kafkaLogReader(
  { topicPrefix, lastsMs, ...access }: KafkaAccess,
  { groupPrefix = 'tidewire', silenceMs = 30_000, ...config }: Options = {},
): LogReader {
  const kafka = new Kafka({
    connectionTimeout: 3000,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.NOTHING, // what fails is thrown, with its cause
    ...access,
    ...config,
  })
  const ask = async <T>(question: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = kafka.admin()
    await admin.connect()
    try {
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
  const reader: LogReader = {
    held: (topics) =>
      ask(async (admin) => (await Promise.all(topics.map((topic) => spansOf(topic, admin)))).flat()),
    committed: (group, topic) =>
      ask(async (admin) => {
        const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
        const offsets = (found?.partitions ?? []).map((one) => [one.partition, Number(one.offset)] as const)
        return new Map(offsets.filter(([, offset]) => offset >= 0))
      }),
    read: async (spans, take, signal) => {
      const wanted = spans.filter(({ from, end }) => from < end)
      if (wanted.length === 0) return
      const groupId = `${groupPrefix}-replay-${randomUUID()}`
      const consumer = kafka.consumer({
        groupId,
        allowAutoTopicCreation: false,
        maxWaitTimeInMs: 100,
        sessionTimeout: 60_000,
        retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5, restartOnFailure: async () => false },
      })
      try {
        await readSpans(consumer, wanted, take, { silenceMs, signal })
      } finally {
        await consumer.disconnect()
        await ask((admin) => admin.deleteGroups([groupId])).catch(() => {}) // it expires by itself
      }
    },
  }
  return prefixedReader(reader, topicPrefix)
}

async function spansOf(topic: string, admin: Admin): Promise<Span[]> {
  const limits = await admin.fetchTopicOffsets(topic)
  return limits
    .map(({ partition, low, high }) => ({ topic, partition, from: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition)
}

async function readSpans(
  consumer: Consumer,
  spans: readonly Span[],
  take: (records: readonly KafkaRecord[]) => Promise<void>,
  { silenceMs, signal }: { silenceMs: number; signal: AbortSignal },
): Promise<void> {
  const left = new Map(spans.map((span) => [nameOf(span), span]))
  const done = Promise.withResolvers<void>()
  done.promise.catch(() => {}) // it may fail before it is waited for
  const silence = watchSilence(silenceMs, () => done.reject(silent([...left.keys()], silenceMs)))
  const stop = () => done.reject(signal.reason)
  signal.addEventListener('abort', stop)
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error))
  const takeBatch = async (batch: Batch) => {
    silence.put()
    const span = left.get(nameOf(batch))
    if (span === undefined || signal.aborted) return
    const records = recordsOf(batch).filter(({ offset }) => offset >= span.from && offset < span.end)
    if (records.length > 0) await take(records)
    if (Number(batch.lastOffset()) >= span.end - 1) left.delete(nameOf(batch))
    if (left.size === 0) done.resolve()
    silence.put()
  }
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...new Set(spans.map(({ topic }) => topic))], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      // What fails in here would be tried again by kafkajs: it ends the reading instead.
      eachBatch: ({ batch }) => takeBatch(batch).catch(done.reject),
    })
    for (const { topic, partition, from } of spans) consumer.seek({ topic, partition, offset: String(from) })
    await done.promise
  } finally {
    silence.stop()
    signal.removeEventListener('abort', stop)
  }
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}

function recordsOf({ topic, partition, messages }: Batch): KafkaRecord[] {
  return messages.map(({ offset, timestamp, key, value, headers = {} }) => ({
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((one) => ({ name, value: Buffer.from(one ?? '') })),
    ),
  }))
}

function watchSilence(limitMs: number, tell: () => void) {
  let timer = setTimeout(tell, limitMs)
  return {
    put: () => {
      clearTimeout(timer)
      timer = setTimeout(tell, limitMs)
    },
    stop: () => clearTimeout(timer),
  }
}

function silent(missing: readonly string[], silenceMs: number): Error {
  return new Error(
    `Kafka gave nothing for ${silenceMs / 1000} s; what is left to read: ${missing.join(', ')}`,
  )
}
