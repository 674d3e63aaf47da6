import { type LogRecord, readRecords } from '#shared/adapters/kafka/records/read-records.ts'
import { type BrokerConnection, connectToBroker, consumerApis } from '../broker/connect-to-broker.ts'
import { codes, throwIfFailed } from './kafka-cluster.ts'

/** Stops the fetching of a partition, and returns what starts it again. */
export type Pause = () => () => void

type FetchTopic = {
  topic: string
  clientId: string
  /** The address of the leader of each partition to fetch, as `host:port`. */
  leaders: ReadonlyMap<number, string>
  /** Where a partition begins; one that is not here begins at its oldest record. */
  positions: ReadonlyMap<number, number>
  /** Takes records in offset order. If it returns false, they are fetched again. */
  take(partition: number, records: LogRecord[], pause: Pause): boolean
  /** Called after each response that could be read, also an empty one. */
  onFetched?(): void
  signal: AbortSignal
  /**
   * How long a fetch waits for the first record, in milliseconds; default 5,000. The response comes at once with it, so
   * that an idle topic costs a request every five seconds and a record waits for nothing.
   */
  waitMs?: number
}

const WAIT_MS = 5_000
/** Added to the time that the broker is told to wait. */
const PATIENCE_MS = 10_000
const PARTITION_BYTES = 1024 * 1024
const RESPONSE_BYTES = 10 * 1024 * 1024
const READ_COMMITTED = 1
const CONSUMER = -1
const EARLIEST = -2

/** Fetches partitions of a topic until `signal` is aborted. Rejects if one of them cannot be fetched any more. */
export async function fetchTopic({ signal, ...options }: FetchTopic): Promise<void> {
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  const byLeader = Map.groupBy(options.leaders.keys(), (partition) => options.leaders.get(partition) ?? '')
  if (byLeader.size === 0) return untilAborted(signal)
  try {
    await Promise.all(
      [...byLeader].map(([address, partitions]) =>
        fetchFrom(address, { ...options, signal: either }, partitions),
      ),
    )
  } finally {
    ended.abort()
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

async function fetchFrom(
  address: string,
  { topic, clientId, positions, take, onFetched, signal, waitMs = WAIT_MS }: FetchTopic,
  partitions: readonly number[],
): Promise<void> {
  const next = new Map<number, number | undefined>(partitions.map((one) => [one, positions.get(one)]))
  const paused = new Set<number>()
  let connection: BrokerConnection | undefined
  /** A fetch that waits for records of other partitions must not delay those of one that is added. */
  const interrupt = (): void => {
    connection?.close()
    connection = undefined
    wake()
  }
  let wake = (): void => {}
  const pauseOf = (partition: number) => () => {
    paused.add(partition)
    return () => {
      if (paused.delete(partition)) interrupt()
    }
  }
  const fetchOnce = async (open: BrokerConnection): Promise<void> => {
    await findBeginnings(open, topic, next)
    const wanted = [...next].filter(([partition]) => !paused.has(partition))
    for (const result of await fetchRecords(open, { topic, waitMs }, wanted)) {
      const { index, errorCode, records: bytes, abortedTransactions } = result
      if (signal.aborted) return
      if (errorCode === codes.OFFSET_OUT_OF_RANGE) next.set(index, undefined)
      else throwIfFailed(errorCode)
      const from = next.get(index)
      if (from === undefined || paused.has(index) || !bytes) continue
      const fetched = readRecords(bytes, from, abortedTransactions)
      const isTaken = fetched.records.length === 0 || take(index, fetched.records, pauseOf(index))
      if (isTaken) next.set(index, fetched.next)
    }
    onFetched?.()
  }

  signal.addEventListener('abort', interrupt)
  try {
    while (!signal.aborted) {
      if (paused.size === next.size) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const open = connection ?? (await connectToBroker(address, clientId))
      connection = open
      if (signal.aborted) return
      await fetchOnce(open).catch((error) => {
        if (connection === open) throw error // otherwise it was interrupted
      })
    }
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection?.close()
  }
}

/** Completes the positions: the oldest offset of each partition that has none. */
async function findBeginnings(
  connection: BrokerConnection,
  topic: string,
  positions: Map<number, number | undefined>,
): Promise<void> {
  const unknown = [...positions].flatMap(([index, offset]) => (offset === undefined ? [index] : []))
  if (unknown.length === 0) return
  const partitions = unknown.map((index) => ({ index, timestamp: EARLIEST }))
  const topics = [{ name: topic, partitions }]
  const response = await connection.call(consumerApis.listOffsets, { replicaId: CONSUMER, topics })
  for (const { index, offset, errorCode } of response.topics[0]?.partitions ?? []) {
    throwIfFailed(errorCode)
    positions.set(index, offset)
  }
}

async function fetchRecords(
  connection: BrokerConnection,
  { topic, waitMs }: { topic: string; waitMs: number },
  positions: readonly (readonly [partition: number, offset: number | undefined])[],
) {
  const partitions = positions.map(([index, fetchOffset = 0]) => ({
    index,
    fetchOffset,
    maxBytes: PARTITION_BYTES,
  }))
  const request = {
    replicaId: CONSUMER,
    maxWaitMs: waitMs,
    minBytes: 1,
    maxBytes: RESPONSE_BYTES,
    isolationLevel: READ_COMMITTED,
    topics: [{ name: topic, partitions }],
  }
  const response = await connection.call(consumerApis.fetch, request, waitMs + PATIENCE_MS)
  throwIfFailed(response.errorCode)
  return response.topics[0]?.partitions ?? []
}
