import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import type { BatchHeader } from './record-batch.ts'

/** Kafka remembers the last five batches of a producer, as many as a client may have in flight. */
const REMEMBERED_BATCHES = 5
const LAST_SEQUENCE = 2_147_483_647

type Appended = { firstSequence: number; lastSequence: number; baseOffset: number }
type ProducerState = { epoch: number; batches: Appended[]; seenAt: number }

/** What survives a restart. `idleMs` is how long the producer had not written. */
export type ProducerSnapshot = { producerId: number; epoch: number; idleMs: number; batches: Appended[] }[]

export type SequenceCheck =
  | { verdict: 'append' }
  | { verdict: 'duplicate'; baseOffset: number }
  | { verdict: 'refuse'; errorCode: ErrorCode }

/** The idempotent producers of one partition, by producer id. */
export type ProducerStates = {
  /** Returns what to do with a batch, before it is appended. */
  check(header: BatchHeader): SequenceCheck
  /** Remembers an appended batch. */
  record(header: BatchHeader): void
  /** Forgets the producers that have not written for a day. */
  expire(): void
  snapshot(): ProducerSnapshot
  /** Replaces all states. */
  restore(snapshot: ProducerSnapshot): void
}

/** As `producer.id.expiration.ms` of Kafka. */
const EXPIRY_MS = 86_400_000

const APPEND: SequenceCheck = { verdict: 'append' }

/**
 * The rules of Kafka's ProducerAppendInfo: a repeated batch is a duplicate, an older epoch is fenced,
 * a gap is out of order, and an unknown producer may start at any sequence. `elapsed` is a monotonic clock, because a
 * wall clock that jumps by days would forget producers that are retrying, and so would records with old timestamps.
 */
export function createProducerStates(elapsed: () => number): ProducerStates {
  const states = new Map<number, ProducerState>()

  return {
    check(header) {
      const state = header.producerId < 0 ? undefined : states.get(header.producerId)
      if (!state) return APPEND
      if (header.producerEpoch < state.epoch) return refuse(errorCodes.INVALID_PRODUCER_EPOCH)
      if (header.producerEpoch > state.epoch) {
        return header.baseSequence === 0 ? APPEND : refuse(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
      }
      const repeated = state.batches.find(
        (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence(header),
      )
      if (repeated) return { verdict: 'duplicate', baseOffset: repeated.baseOffset }
      const expected = nextSequence(state.batches.at(-1)?.lastSequence ?? -1)
      return header.baseSequence === expected ? APPEND : refuse(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
    },

    record(header) {
      if (header.producerId < 0) return
      const known = states.get(header.producerId)
      const batches = known?.epoch === header.producerEpoch ? known.batches : []
      batches.push({
        firstSequence: header.baseSequence,
        lastSequence: lastSequence(header),
        baseOffset: header.baseOffset,
      })
      if (batches.length > REMEMBERED_BATCHES) batches.shift()
      states.set(header.producerId, { epoch: header.producerEpoch, batches, seenAt: elapsed() })
    },

    expire() {
      const before = elapsed() - EXPIRY_MS
      for (const [producerId, state] of states) if (state.seenAt < before) states.delete(producerId)
    },

    snapshot: () =>
      [...states].map(([producerId, { epoch, batches, seenAt }]) => ({
        producerId,
        epoch,
        idleMs: elapsed() - seenAt,
        batches: [...batches],
      })),

    restore(snapshot) {
      states.clear()
      for (const { producerId, epoch, idleMs, batches } of snapshot) {
        states.set(producerId, { epoch, batches: [...batches], seenAt: elapsed() - idleMs })
      }
    },
  }
}

function refuse(errorCode: ErrorCode): SequenceCheck {
  return { verdict: 'refuse', errorCode }
}

/** Sequences wrap from 2^31-1 to 0. */
function lastSequence(header: BatchHeader): number {
  const last = header.baseSequence + header.recordCount - 1
  return last > LAST_SEQUENCE ? last - LAST_SEQUENCE - 1 : last
}

function nextSequence(last: number): number {
  return last === LAST_SEQUENCE ? 0 : last + 1
}
