/**
 * The header of a record that stands in Kafka's place for what its reader could not pass on: a batch that cannot be
 * decompressed, or a record that is too large for Lambda. Every consumer makes a dead letter of it
 * (docs/dead-letters.md). Anybody can write it, and then it is true of that record alone.
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
