import { cutText } from '#shared/domain/cut-text.ts'
import type { DomainEvent } from '#shared/domain/define-domain.ts'

/** Returns a text cut to `bytes` bytes of JSON and an ellipsis; null if the value is not a text or empty. */
export function textOf(value: unknown, bytes: number): string | null {
  if (typeof value !== 'string' || value === '') return null
  const kept = cutText(value, bytes)
  return kept.length === value.length ? value : `${kept}…`
}

/** Returns an object as it is, and an empty object for any other value. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}

const LONGEST_NAME_BYTES = 300

/**
 * Returns a name as the only key of a state; no key if the name is longer than a store accepts, or not well-formed
 * Unicode.
 */
export function keyOf(name: string | null | undefined, longestBytes = LONGEST_NAME_BYTES): readonly string[] {
  const isKey =
    typeof name === 'string' &&
    name !== '' &&
    name.isWellFormed() &&
    new TextEncoder().encode(name).length <= longestBytes
  return isKey ? [name] : []
}

/** Returns the name in the member `field` of an event's data, otherwise the subject; null if there is no name. */
export function nameOf({ data, subject }: DomainEvent, field: string): string | null {
  return asName(membersOf(data)[field]) ?? asName(subject)
}

/**
 * Returns a name that can be a subject or a partition key, cut to 128 bytes; null for any other value.
 * CloudEvents §3.1 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system) allows neither
 * control characters nor noncharacters.
 */
export function asName(value: unknown): string | null {
  const name = textOf(value, 128)
  return name?.isWellFormed() && !/\p{Cc}|\p{Noncharacter_Code_Point}/u.test(name) ? name : null
}
