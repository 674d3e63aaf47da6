import { Buffer } from 'node:buffer'
import { matchesChannel } from '#shared/core/channel.ts'
import type { DeadLetterCode, DeadLetterConsumer, DeadLetterStatus } from '#shared/core/dead-letter.ts'
import type { Position } from '#shared/core/event.ts'
import { foldText } from '#shared/core/text/fold-text.ts'
import type { DeadLetter } from './dead-letter.ts'

/** Restricts dead letters: every member that is present must match. Of a list one must. */
export type DeadLetterFilter = {
  readonly topic?: readonly string[]
  readonly code?: readonly DeadLetterCode[]
  readonly consumer?: readonly DeadLetterConsumer[]
  /** All of them without it. */
  readonly status?: readonly DeadLetterStatus[]
  readonly source?: readonly string[]
  /** Types, or patterns such as `port.**`. */
  readonly type?: readonly string[]
  /** The range of the times of the records, ends included, in milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
  /** Letters that were found up to this time, in milliseconds since 1970: what was there when a job was created. */
  readonly foundUpTo?: number
  /** Text in the reason, the identity of the event, the key or the value, in any case. */
  readonly q?: string
  readonly positions?: readonly Position[]
}

/** Whether a dead letter matches a filter. */
export function matchesLetter(filter: DeadLetterFilter, letter: DeadLetter): boolean {
  const { from, to, foundUpTo, type: patterns, q, positions } = filter
  const { timestamp, found, type } = letter
  if ((from !== undefined && timestamp < from) || (to !== undefined && timestamp > to)) return false
  if (foundUpTo !== undefined && found > foundUpTo) return false
  for (const name of ['topic', 'code', 'consumer', 'status', 'source'] as const)
    if (!admits(filter[name], letter[name])) return false
  if (patterns && !patterns.some((pattern) => pattern === type || matchesChannel(pattern, type ?? '')))
    return false
  if (positions && !positions.some((position) => isAt(letter, position))) return false
  return q === undefined || q === '' || hasText(letter, foldText(q))
}

function admits(values: readonly string[] | undefined, value: string | undefined): boolean {
  return values === undefined || (value !== undefined && values.includes(value))
}

function isAt(letter: Position, { topic, partition, offset }: Position): boolean {
  return letter.topic === topic && letter.partition === partition && letter.offset === offset
}

function hasText({ reason, type, source, id, key, value }: DeadLetter, text: string): boolean {
  const texts = [reason, type, source, id, decoded(key), decoded(value)]
  return texts.some((one) => one !== undefined && foldText(one).includes(text))
}

function decoded(base64: string | null): string | undefined {
  return base64 === null ? undefined : Buffer.from(base64, 'base64').toString()
}
