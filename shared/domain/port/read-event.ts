import { cutText } from '#shared/domain/cut-text.ts'
import type { DomainEvent } from '#shared/domain/define-domain.ts'

/** A text that takes at most so many bytes of JSON and an ellipsis, or null for anything that is no text or empty. */
export function textOf(value: unknown, bytes: number): string | null {
  if (typeof value !== 'string' || value === '') return null
  const kept = cutText(value, bytes)
  return kept.length === value.length ? value : `${kept}…`
}

/** The members of an object; none of anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}

const LONGEST_KEY_BYTES = 300

/** A name as the key of a state: none if it is longer than a store takes, or no Unicode. */
export function keyOf(name: string | null | undefined): readonly string[] {
  const isKey =
    typeof name === 'string' &&
    name !== '' &&
    name.isWellFormed() &&
    new TextEncoder().encode(name).length <= LONGEST_KEY_BYTES
  return isKey ? [name] : []
}

/** The name that an event's data gives under `field`; without it the subject is the name. */
export function nameOf({ data, subject }: DomainEvent, field: string): string | null {
  return asName(membersOf(data)[field]) ?? asName(subject)
}

/** A name that can be a subject or a partition key: CloudEvents §3.1 allows no control characters and noncharacters. */
export function asName(value: unknown): string | null {
  const name = textOf(value, 128)
  return name?.isWellFormed() && !/\p{Cc}|\p{Noncharacter_Code_Point}/u.test(name) ? name : null
}
