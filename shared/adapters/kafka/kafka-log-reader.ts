import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import pLimit from 'p-limit'
import type { TopicPartition } from '#shared/core/streams.ts'
import type { KafkaRecord, LogReader, Span } from '#shared/pipeline/ports.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { fetchFrom } from './kafka-fetch.ts'
import { type KafkaSession, kafkaSession } from './kafka-session.ts'
import { prefixedReader } from './prefixed-topics.ts'

type Options = Pick<KafkaConfig, 'connectionTimeout' | 'requestTimeout' | 'retry'> & {
  /** After so long without a record the reading fails: what is missing may be transaction markers, or Kafka hangs. */
  readonly silenceMs?: number
}

/** How many partitions are read at once, how much of one, and how long a broker waits for the first record. */
const SPANS_AT_ONCE = 4
const FETCH_BYTES = 1024 * 1024
const WAIT_MS = 500

/** The LogReader on Kafka. It reads outside of consumer groups (docs/adr/0036), and commits nothing. */
export function kafkaLogReader(
  { topicPrefix, lastsMs, ...access }: KafkaAccess,
  { silenceMs = 30_000, ...config }: Options = {},
): LogReader {
  const session = kafkaSession({ ...access, ...(lastsMs !== undefined && { lastsMs }) })
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
      const beginning = async ({ topic, partition }: TopicPartition) => {
        const spans = await ask((admin) => spansOf(topic, admin))
        return spans.find((span) => span.partition === partition)?.from ?? 0
      }
      const atOnce = pLimit(SPANS_AT_ONCE)
      const ended = new AbortController()
      const either = AbortSignal.any([signal, ended.signal])
      const tasks = spans.map((span) =>
        atOnce(() => readSpan(span, take, { session, beginning, silenceMs, signal: either })),
      )
      try {
        await Promise.all(tasks)
      } finally {
        ended.abort()
        await Promise.allSettled(tasks)
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

type Reading = {
  readonly session: KafkaSession
  /** Returns the offset at which a partition begins now. */
  readonly beginning: (partition: TopicPartition) => Promise<number>
  readonly silenceMs: number
  readonly signal: AbortSignal
}

/** Reads one span, a fetch after the other. What has expired meanwhile is passed over. */
async function readSpan(
  { topic, partition, from, end }: Span,
  take: (records: readonly KafkaRecord[]) => Promise<void>,
  { session, beginning, silenceMs, signal }: Reading,
): Promise<void> {
  let heard = Date.now()
  for (let offset = from; offset < end; ) {
    signal.throwIfAborted()
    const at = { topic, partition, offset }
    const fetched = await session.ask((cluster) =>
      fetchFrom(cluster, at, { maxBytes: FETCH_BYTES, waitMs: WAIT_MS }).catch(nullIfOutOfRange),
    )
    if (fetched === null) {
      const first = await beginning(at)
      if (first <= offset)
        throw new Error(`${topic}-${partition} has no offset ${offset}: was it created again?`)
      offset = first
      continue
    }
    const records = fetched.records.filter((record) => record.offset < end)
    if (records.length > 0) await take(records)
    if (fetched.next > offset) heard = Date.now()
    // The records of a transaction that is still open are not shown, and what follows them neither.
    else if (Date.now() - heard > silenceMs)
      throw new Error(
        `Kafka gave nothing for ${silenceMs / 1000} s; what is left to read: ${topic}-${partition}`,
      )
    offset = fetched.next
  }
}

function nullIfOutOfRange(error: unknown): null {
  // kafkajs exports its errors in a way that modules of Node do not see.
  if (error instanceof Error && error.name === 'KafkaJSOffsetOutOfRange') return null
  throw error
}
