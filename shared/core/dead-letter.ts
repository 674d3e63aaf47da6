/** Why a record became a dead letter, by its code (docs/dead-letters.md). */
export const DEAD_LETTER_CODES = [
  /** It is no CloudEvent that can be read: no JSON, bytes, a wrong envelope. */
  'undecodable',
  /** It can be read, and breaks a rule for events, such as a channel that is none. */
  'invalid_event',
  /** Its data does not fit the schema of its type. */
  'invalid_data',
  /** The deployment refuses types that no domain defines. */
  'unknown_type',
  /** Its category belongs to another topic. */
  'wrong_topic',
  /** It is larger than can be stored. */
  'too_large',
  /** Its signature is not one of Tidewire. */
  'forged',
  /** It says what only Tidewire, or only a credential, may say. */
  'forbidden',
  /** Another event has its source and id. */
  'id_taken',
  /** A view could not use the event, or the fold failed at it three times. */
  'fold_failed',
  /** The delivery failed at it three times. */
  'deliver_failed',
  /** An earlier version found it, and gave no code. */
  'unknown',
] as const
export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number]

/** The consumers of the log that find dead letters. */
export const DEAD_LETTER_CONSUMERS = ['deliver', 'fold'] as const
export type DeadLetterConsumer = (typeof DEAD_LETTER_CONSUMERS)[number]

/** What became of a dead letter. One that is not open is settled. */
export const DEAD_LETTER_STATUSES = ['open', 'replayed', 'discarded'] as const
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number]

/** The maximum number of positions in a filter of dead letters. */
export const DEAD_LETTER_POSITIONS_LIMIT = 500

/**
 * The header of a record that replaces what its reader could not pass on: a batch that cannot be decompressed, or a
 * record that is too large for Lambda. Every consumer makes a dead letter of it (docs/dead-letters.md). Anybody can write
 * it, and then it is true of that record alone.
 */
export const UNREADABLE_HEADER = 'tidewire-unreadable'

/** Why a record could not be passed on, and as which kind of dead letter it is kept. */
export type Unreadable = {
  readonly code: 'undecodable' | 'too_large'
  readonly reason: string
  /** The value of the record is the beginning of its bytes. */
  readonly isCut: boolean
}

/** Returns the value of the header, as text. */
export function unreadableHeader({ code, reason, isCut }: Unreadable): string {
  return `${code}${isCut ? '-cut' : ''}: ${reason}`
}

const VALUE = /^(undecodable|too_large)(-cut)?: (.*)$/s
const UTF8 = new TextDecoder()

/** Returns why a record could not be passed on; undefined for any other record. */
export function unreadableOf(
  headers: readonly { readonly name: string; readonly value: Uint8Array }[],
): Unreadable | undefined {
  const header = headers.find(({ name }) => name === UNREADABLE_HEADER)
  const [, code, cut, reason] = (header && VALUE.exec(UTF8.decode(header.value))) ?? []
  if ((code !== 'undecodable' && code !== 'too_large') || reason === undefined) return undefined
  return { code, reason, isCut: cut !== undefined }
}
