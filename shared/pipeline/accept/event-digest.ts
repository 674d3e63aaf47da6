import { hash } from 'node:crypto'
import type { CloudEvent } from '#shared/core/event.ts'
import { digitsOf } from '#shared/core/json/exact-json.ts'
import type { EventDraft } from '#shared/pipeline/cloudevents/validate-event.ts'

/** 128 bits: nobody finds two events with the same digest (docs/adr/0028). */
const DIGEST_BYTES = 16

/**
 * Returns the digest of what a producer sent, in base64url: the same for the same event, also if the server filled in a
 * time, a category or a severity, and with any order of the members of its data. `given` is a valid event as it was
 * sent, with the id and the source that it has now.
 */
export function digestOf(given: EventDraft, { id, source }: Pick<CloudEvent, 'id' | 'source'>): string {
  const { type, subject, category, severity, time, data, data_base64 } = given
  const sent = { id, source, type, subject, category, severity, time, data, data_base64 }
  return hash('sha256', canonicalJson(sent), 'buffer').toString('base64url', 0, DIGEST_BYTES)
}

/**
 * Returns JSON with the keys of every object sorted, so that equal values are equal text
 * (https://www.rfc-editor.org/rfc/rfc8785). Numbers that a double cannot hold have the digits that were sent. The value
 * must be JSON of a bounded depth.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (typeof value !== 'object' || value === null || digitsOf(value) !== undefined)
    return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
