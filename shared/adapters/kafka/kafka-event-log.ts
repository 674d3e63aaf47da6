import type { Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { RawLog, RawRecord } from '#shared/pipeline/ports.ts'
import { within } from '#shared/pipeline/within.ts'
import { isTooOld, refusesUser } from './connection-age.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { createWriter, isRefusal, type KafkaWriter } from './kafka-writer.ts'
import { prefixedLog } from './prefixed-topics.ts'

/** A write that takes longer is refused. The request then ends within 5 s, with the time to take and release leases. */
const PATIENCE_MS = 4000
/** A response of a connection that has worked takes milliseconds. */
const SILENCE_MS = 1000
const RETRY_AFTER_SECONDS = 2

type Options = {
  readonly patienceMs?: number
  /** How long a connection that has worked may give no response, in milliseconds. */
  readonly silenceMs?: number
  readonly now?: () => number
}

/** Kafka for writing, with what its sandbox may do before the first write and after the last one. */
export type KafkaEventLog = RawLog & {
  /** Connects, and learns where the partitions of topics are, so that the first write need not. Throws if it cannot. */
  open(topics: readonly string[]): Promise<void>
  /** Disconnects when what is under way is done. */
  close(): Promise<void>
}

/**
 * The EventLog on Kafka. One producer for the life of the sandbox, connected by its first write (kafkajs in Lambda:
 * https://github.com/tulios/kafkajs/issues/1423), and again after a minute without one. Writes that wait at the same time
 * are sent together.
 *
 * A write that fails on connections that have worked is repeated once on new ones, and it fails there after a second
 * without a response: a frozen sandbox does not hear that the network has dropped its connections
 * (https://github.com/tulios/kafkajs/issues/919). The records of a write that was slow, not lost, are then twice in
 * Kafka, as after a request that kafkajs repeats.
 */
export function kafkaEventLog(
  { topicPrefix, lastsMs, ...config }: KafkaAccess,
  { patienceMs = PATIENCE_MS, silenceMs = SILENCE_MS, now = Date.now }: Options = {},
): KafkaEventLog {
  let current: KafkaWriter | null = null
  let used = now()
  const leave = (writer: KafkaWriter) => {
    if (current === writer) current = null
  }
  const writer = (): KafkaWriter => {
    const time = now()
    if (current && isTooOld({ used, opened: current.opened, now: time, lastsMs })) {
      const old = current
      leave(old)
      void old.close()
    }
    used = time
    current ??= createWriter(config, { opened: time, silenceMs })
    return current
  }
  const attempt = async (records: readonly RawRecord[], isLast = false): Promise<Position[]> => {
    const own = writer()
    const isKnown = own.hasWorked()
    try {
      return await own.write(records)
    } catch (error) {
      if (isRefusal(error)) throw error
      leave(own)
      own.destroy()
      if (isLast || !(isKnown || refusesUser(error))) throw error
      return attempt(records, true)
    }
  }
  const log: RawLog = {
    async append(records) {
      try {
        return await within(patienceMs, attempt(records), `no response from Kafka within ${patienceMs} ms`)
      } catch (cause) {
        if (!isRefusal(cause) && current) {
          const dead = current
          leave(dead)
          dead.destroy()
        }
        const detail =
          'Kafka did not confirm the write in time. Send it again: an event with an id, or a request with an Idempotency-Key, is not doubled.'
        throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
  return {
    ...prefixedLog(log, topicPrefix),
    open: (topics) => writer().open(topics.map((topic) => `${topicPrefix ?? ''}${topic}`)),
    close: async () => current?.close(),
  }
}
