import type { KafkaRecord } from './mapping.ts'
import { estimateSize } from './to-lambda-event.ts'
import { wait } from './wait.ts'

type Limits = { batchSize: number; windowMs: number; maxBytes: number }

export type PartitionQueue = {
  /** Appends records, in offset order. */
  push(records: KafkaRecord[]): void
  /** Resolves with the next batch, or with an empty one once the queue is closed. One caller at a time. */
  take(): Promise<KafkaRecord[]>
  /** The estimated JSON size of what waits. */
  bytes(): number
  close(): void
}

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
    // A record that is too large on its own still goes alone: Lambda answers for it, not the queue.
    if (count === batchSize || (count > 0 && sum > maxBytes)) break
    count += 1
  }
  return count
}
