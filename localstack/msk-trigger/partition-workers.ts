import type { OffsetCommitter } from './commit-offsets.ts'
import type { Pause } from './fetch-topic.ts'
import type { Mapping } from './mapping.ts'
import { type ProcessBatch, processBatch } from './process-batch.ts'
import { estimateSize, type KafkaRecord } from './to-lambda-event.ts'
import { passableRecord } from './unpassable-records.ts'
import { wait } from './wait.ts'

export type PartitionWorkers = {
  /** Begins a new assignment of the consumer group; what is buffered of the previous one is fetched again. */
  assign(committer: OffsetCommitter): void
  /**
   * Takes records that were fetched from a partition, in offset order.
   * @returns false if they must be fetched again, from the committed offset.
   */
  deliver(partition: number, records: KafkaRecord[], pause: Pause): boolean
  /** Invokes nothing new and commits nothing more, until the next assignment. */
  release(): void
  /** Invokes nothing new, waits for the running invocations and commits what they finished. */
  stop(): Promise<void>
}

type Options = Omit<ProcessBatch, 'commit' | 'signal' | 'discardAbove'> & {
  mapping: Mapping
  maxPayloadBytes: number
  unpassable: Unpassable
}

/**
 * What becomes of a record that Lambda cannot hand to a function: `pass` puts one in its place that has the reason in a
 * header, for functions that know it; `discard` gives it up.
 */
export type Unpassable = 'pass' | 'discard'
type Worker = {
  push(records: KafkaRecord[], pause: Pause): void
  /** Drops what is buffered; the running invocation continues. */
  close(): void
  /** Resolves when the running invocation has ended after `close`. */
  ended: Promise<void>
}
type Assignment = {
  committer: OffsetCommitter
  ended: AbortController
  workers: Map<number, Worker>
}

/**
 * Processes each assigned partition in order, one batch at a time, and the partitions in parallel. An invocation that outlives its assignment is waited for before the same
 * partition continues.
 */
export function createPartitionWorkers(options: Options): PartitionWorkers {
  const running = new Map<number, Promise<void>>()
  let current: Assignment | undefined

  function release(): void {
    if (!current) return
    current.committer.cancel()
    end(current)
    current = undefined
  }

  function startWorker(partition: number, { committer, ended: { signal } }: Assignment): Worker {
    const commit = async (offset: number): Promise<void> => committer.mark(partition, offset)
    const worker = createWorker({ ...options, commit, signal }, running.get(partition))
    running.set(partition, worker.ended)
    return worker
  }

  return {
    release,
    assign(committer) {
      release()
      current = { committer, ended: new AbortController(), workers: new Map() }
    },
    deliver(partition, records, pause) {
      if (!current) return false
      // While stopping they are dropped: fetching them again and again would not let the consumer leave.
      if (current.ended.signal.aborted) return true
      const worker = current.workers.get(partition) ?? startWorker(partition, current)
      current.workers.set(partition, worker)
      worker.push(records, pause)
      return true
    },
    async stop() {
      if (current) end(current)
      await Promise.all(running.values())
      await current?.committer.flush()
    },
  }
}

function end({ ended, workers }: Assignment): void {
  ended.abort()
  for (const worker of workers.values()) worker.close()
}

/** Processes the batches of one partition after `previous` has resolved. Pauses the fetching when too much waits. */
function createWorker(options: Options & ProcessBatch, previous: Promise<void> | undefined): Worker {
  const { mapping, maxPayloadBytes, unpassable } = options
  const isPassed = unpassable === 'pass'
  const { batchSize, windowMs } = mapping
  const queue = createPartitionQueue({ batchSize, windowMs, maxBytes: maxPayloadBytes })
  let resume: (() => void) | undefined

  async function work(): Promise<void> {
    await previous
    for (;;) {
      const batch = await queue.take()
      if (batch.length === 0) return
      if (queue.bytes() < maxPayloadBytes) {
        resume?.()
        resume = undefined
      }
      await processBatch(batch, { ...options, ...(isPassed ? {} : { discardAbove: maxPayloadBytes }) })
    }
  }

  return {
    push(records, pause) {
      queue.push(isPassed ? records.map((record) => passableRecord(record, maxPayloadBytes)) : records)
      // Two full payloads are enough to keep the function busy while more are fetched.
      if (!resume && queue.bytes() > 2 * maxPayloadBytes) resume = pause()
    },
    close() {
      queue.close()
      resume?.()
    },
    ended: work(),
  }
}

type PartitionQueue = {
  /** Appends records, in offset order. */
  push(records: KafkaRecord[]): void
  /** Resolves with the next batch, or with an empty one once the queue is closed. One caller at a time. */
  take(): Promise<KafkaRecord[]>
  /** The estimated JSON size of what waits. */
  bytes(): number
  close(): void
}

type Limits = { batchSize: number; windowMs: number; maxBytes: number }

/**
 * Collects the records of one partition into batches as Lambda's poller does: a batch is complete when it has
 * `batchSize` records, or `maxBytes` of payload, or when `windowMs` have passed since its first record was seen.
 */
export function createPartitionQueue({ batchSize, windowMs, maxBytes }: Limits): PartitionQueue {
  const waiting: { record: KafkaRecord; size: number }[] = []
  const closed = new AbortController()
  let bytes = 0
  let wake = (): void => {}
  let full = new AbortController()

  const isFull = (): boolean => waiting.length >= batchSize || bytes >= maxBytes

  return {
    push(records) {
      for (const record of records) {
        const size = estimateSize(record)
        waiting.push({ record, size })
        bytes += size
      }
      wake()
      if (isFull()) full.abort()
    },
    async take() {
      while (waiting.length === 0 && !closed.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      full = new AbortController()
      if (!isFull() && windowMs > 0) await wait(windowMs, AbortSignal.any([full.signal, closed.signal]))
      if (closed.signal.aborted) return []
      const count = countThatFit(waiting, batchSize, maxBytes)
      const batch = waiting.splice(0, count)
      for (const { size } of batch) bytes -= size
      return batch.map(({ record }) => record)
    },
    bytes: () => bytes,
    close() {
      closed.abort()
      waiting.length = 0
      wake()
    },
  }
}

function countThatFit(waiting: { size: number }[], batchSize: number, maxBytes: number): number {
  let count = 0
  let sum = 0
  for (const { size } of waiting) {
    sum += size
    // A record that is too large on its own still goes alone: Lambda decides about it, not the queue.
    if (count === batchSize || (count > 0 && sum > maxBytes)) break
    count += 1
  }
  return count
}
