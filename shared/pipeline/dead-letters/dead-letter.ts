import type { DeadLetterCode, DeadLetterConsumer, DeadLetterStatus } from '#shared/core/dead-letter.ts'
import type { Position } from '#shared/core/event.ts'

/** A part of a view, or all parts of one, that an event is missing in. */
export type UnfoldedPart = { readonly view: string; readonly key?: string }

/** A record that could not be processed. Times are milliseconds since 1970, bytes are base64. */
export type DeadLetter = Position & {
  /** The time of the record. */
  readonly timestamp: number
  readonly reason: string
  readonly code: DeadLetterCode
  readonly consumer: DeadLetterConsumer
  /** How often the consumer tried it: 1 to 3. */
  readonly attempts: number
  /** When the consumer gave it up. */
  readonly found: number
  readonly key: string | null
  /** The bytes of the record, cut to 256 KB; the whole record is still in Kafka. */
  readonly value: string | null
  readonly truncated: boolean
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** What can be read of the event, even if it is none. */
  readonly type?: string
  readonly source?: string
  readonly id?: string
  /** The `traceparent` of the event. */
  readonly trace?: string
  /** Of an event that is in the log: the parts of views that it is missing in. */
  readonly unfolded?: readonly UnfoldedPart[]
  readonly status: DeadLetterStatus
  readonly settled?: Settled
}

/** Who settled a dead letter and when. A discarded one has a reason, a replayed one its replay. */
type Settled = {
  readonly at: number
  readonly by: string
  readonly reason?: string
  readonly replay?: string
}

export type Settlement = { readonly status: Exclude<DeadLetterStatus, 'open'> } & Settled

/**
 * The record of a dead letter. The time is a part of it: after a topic was created again another record has the same
 * position.
 */
export type LetterRecord = Position & Pick<DeadLetter, 'timestamp'>

/** What is left of a dead letter whose event is erased, beside its position and the identity of the event. */
export const ERASED_LETTER = {
  reason: 'Its data was erased.',
  key: null,
  value: null,
  truncated: false,
  headers: [],
} as const
