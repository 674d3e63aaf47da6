import type { KafkaRecord, Mapping } from './mapping.ts'
import type { OffsetCommitter } from './offset-committer.ts'
import { createPartitionQueue, type PartitionQueue } from './partition-queue.ts'
import { type ProcessBatch, processBatch } from './process-batch.ts'

/** Stops the fetching of a partition, and returns what starts it again. */
type Pause = () => () => void

export type PartitionWorkers = {
  /** Begins a new assignment of the consumer group; what is buffered of the one before is fetched again. */
  assign(committer: OffsetCommitter, options: { rejoined: boolean }): void
  /**
   * Takes records that were fetched from a partition, in offset order.
   * @returns false when they must be fetched again, from the committed offset.
   */
  deliver(partition: number, records: KafkaRecord[], pause: Pause): boolean
  /** Invokes nothing new and commits nothing more, until the next assignment. */
  release(): void
  /** Invokes nothing new, waits for the running invocations and commits what they finished. */
  stop(): Promise<void>
}

type Options = Omit<ProcessBatch, 'commit' | 'signal'> & { mapping: Mapping; maxPayloadBytes: number }
type Worker = { queue: PartitionQueue; resume?: () => void }
type Assignment = {
  committer: OffsetCommitter
  ended: AbortController
  workers: Map<number, Worker>
  suspects: boolean
  trusted: Set<number>
}

/**
 * Processes each assigned partition in order, one batch at a time, and the partitions in parallel.
 * Lambda may put several partitions into one invocation; here an invocation has one, so that a failing record
 * holds up its own partition only. An invocation that outlives its assignment is waited for before the same
 * partition goes on.
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

  return {
    release,
    assign(committer, { rejoined }) {
      release()
      const ended = new AbortController()
      current = { committer, ended, workers: new Map(), suspects: rejoined, trusted: new Set() }
    },
    deliver(partition, records, pause) {
      if (!current) return false
      // While stopping they are dropped: fetching them again and again would not let the consumer leave.
      if (current.ended.signal.aborted) return true
      // With several brokers, a fetch that started before the group was joined again can end after it: it begins
      // behind records that were buffered and are dropped now. The next fetch begins at the committed offset.
      if (current.suspects && !current.trusted.has(partition)) {
        current.trusted.add(partition)
        return false
      }
      let worker = current.workers.get(partition)
      if (!worker) {
        worker = createWorker(options)
        current.workers.set(partition, worker)
        running.set(partition, work(partition, worker, current, options, running.get(partition)))
      }
      worker.queue.push(records)
      // Two full payloads are enough to keep the function busy while more are fetched.
      if (!worker.resume && worker.queue.bytes() > 2 * options.maxPayloadBytes) worker.resume = pause()
      return true
    },
    async stop() {
      if (current) end(current)
      await Promise.all(running.values())
      await current?.committer.flush()
    },
  }
}

function createWorker({ mapping: { batchSize, windowMs }, maxPayloadBytes }: Options): Worker {
  return { queue: createPartitionQueue({ batchSize, windowMs, maxBytes: maxPayloadBytes }) }
}

async function work(
  partition: number,
  worker: Worker,
  { committer, ended: { signal } }: Assignment,
  options: Options,
  previous: Promise<void> | undefined,
): Promise<void> {
  const commit = async (offset: number): Promise<void> => committer.mark(partition, offset)
  await previous
  for (;;) {
    const batch = await worker.queue.take()
    if (batch.length === 0) return
    if (worker.resume && worker.queue.bytes() < options.maxPayloadBytes) {
      worker.resume()
      delete worker.resume
    }
    await processBatch(batch, { ...options, commit, signal })
  }
}

function end({ ended, workers }: Assignment): void {
  ended.abort()
  for (const { queue, resume } of workers.values()) {
    queue.close()
    resume?.()
  }
}
