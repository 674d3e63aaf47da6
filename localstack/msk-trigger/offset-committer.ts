import { type Backoff, backoff, wait } from './wait.ts'

export type OffsetCommitter = {
  /** Everything of the partition below `offset` is done. Does not wait. */
  mark(partition: number, offset: number): void
  /** Waits until what is marked is committed, or one more attempt has failed. */
  flush(): Promise<void>
  /** Forgets what is not committed: the partitions are no longer ours. */
  cancel(): void
}

type CommitterOptions = {
  commit(offsets: Map<number, number>): Promise<void>
  retryBackoff: Backoff
  log(line: string): void
}

/**
 * Commits the latest marked offset of every partition, one request at a time, until it succeeds.
 * An invocation does not wait for the commit of the one before: kafkajs sends both over the connection on which
 * the broker holds back its answer to a fetch, so that a commit can take as long as a fetch waits for records.
 */
export function createOffsetCommitter({ commit, retryBackoff, log }: CommitterOptions): OffsetCommitter {
  const cancelled = new AbortController()
  const hurried = new AbortController()
  let marked = new Map<number, number>()
  let running: Promise<void> | undefined

  async function commitAll(): Promise<void> {
    for (let failures = 0; marked.size > 0 && !cancelled.signal.aborted; ) {
      const offsets = marked
      marked = new Map()
      try {
        await commit(offsets)
        failures = 0
      } catch (error) {
        // Marks that came in meanwhile are higher.
        marked = new Map([...offsets, ...marked])
        if (hurried.signal.aborted) return
        failures += 1
        // A lost connection is noticed and reported by the session; only what lasts is worth a line.
        if (failures === 3) log(`offsets cannot be committed (${error}), trying again until they are`)
        await wait(backoff(failures, retryBackoff), AbortSignal.any([cancelled.signal, hurried.signal]))
      }
    }
  }

  return {
    mark(partition, offset) {
      if (cancelled.signal.aborted) return
      marked.set(partition, offset)
      running ??= commitAll().finally(() => {
        running = undefined
      })
    },
    async flush() {
      hurried.abort()
      await running
    },
    cancel: () => cancelled.abort(),
  }
}
