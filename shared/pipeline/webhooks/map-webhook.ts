import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { CHANNEL_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Severity } from '#shared/core/severity.ts'
import { isTimestamp } from '#shared/core/time.ts'
import { isMediaType } from '#shared/pipeline/cloudevents/media-type.ts'
import type { EventDraft } from '#shared/pipeline/cloudevents/validate-event.ts'
import { fieldAt, isShallow, readPayload, textOf } from './payload.ts'
import { valueAt } from './place.ts'
import type { Lookup, Mapping } from './provider.ts'
import type { WebhookRequest } from './webhook-request.ts'

const NOT_IN_SEGMENT = /[^A-Za-z0-9_~-]/g
const NOT_IN_TEXT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu
const MAX_TEXT = 256
/** Unix times from this one are milliseconds: in seconds it would be the year 5138. */
const FIRST_MILLISECONDS = 1e11

/**
 * Returns the event draft of a verified request. Type and category are `<source>.<event name>`. The id is the
 * provider's own, so that a repeated delivery is one event. A payload that is JSON or a form is JSON by value. Throws
 * Refusal `malformed` if a header with the id or the name of the event came several times.
 */
export function mapWebhook(source: string, mapping: Mapping, request: WebhookRequest): EventDraft {
  const { headers, body } = request
  for (const places of [mapping.id, mapping.name, mapping.type]) assertSingle(places, headers)
  const payload = readPayload(headers['content-type'], body)
  const find = (places: readonly Lookup[] = []) => tidy(lookUp(places, request, payload))
  const name = channelOf(source, find(mapping.name) ?? 'event', mapping.strip ?? '')
  const type = find(mapping.type)
  const category = find(mapping.category) ?? (type === undefined ? name : undefined)
  const subject = find(mapping.subject)
  const time = timeOf(find(mapping.time))
  const id = idOf(lookUp(mapping.id ?? [], request, payload), mapping, payload, body)
  return {
    specversion: '1.0',
    ...(id !== undefined && { id }),
    source: `urn:tidewire:webhook:${source}`,
    type: type ?? name,
    ...(category !== undefined && { category }),
    ...severityOf(mapping, find),
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time }),
    ...dataOf(payload, headers['content-type'], body),
  }
}

/** API Gateway joins headers with one name by a comma, which no id or name of a provider has. */
function assertSingle(places: readonly Lookup[] = [], headers: WebhookRequest['headers']): void {
  for (const place of places)
    if ('header' in place && headers[place.header]?.includes(','))
      throw new Refusal('malformed', `The header "${place.header}" came several times: send it once.`)
}

/** Returns the text of the first of these places that has one. */
function lookUp(places: readonly Lookup[], request: WebhookRequest, payload: unknown): string | undefined {
  for (const place of places) {
    const text = textAt(place, request, payload)
    if (text) return text
  }
  return undefined
}

/** Returns text that is valid in an attribute (CloudEvents §3.1): without control characters, at most MAX_TEXT long. */
function tidy(text: string | undefined): string | undefined {
  if (text === undefined || (text.length <= MAX_TEXT && text.search(NOT_IN_TEXT) < 0)) return text
  return text.slice(0, MAX_TEXT).toWellFormed().replaceAll(NOT_IN_TEXT, '') || undefined
}

function textAt(place: Lookup, request: WebhookRequest, payload: unknown): string | undefined {
  if ('header' in place) return request.headers[place.header]
  if ('field' in place) return textOf(fieldAt(payload, place.field))
  if (place.if === undefined) return place.value
  const found = valueAt(place.if, request)
  const isThere = place.is === undefined ? found !== undefined : textOf(found) === place.is
  return isThere ? place.value : undefined
}

/** `stripe` and `invoice.paid` become `stripe.invoice.paid`; characters that are not allowed in a channel become `-`. */
function channelOf(source: string, name: string, strip: string): string {
  const rest = name.startsWith(strip) ? name.slice(strip.length) : name
  const segments = rest
    .split('.')
    .filter((segment) => segment !== '')
    .map((segment) => segment.replaceAll(NOT_IN_SEGMENT, '-').slice(0, CHANNEL_LIMITS.segmentLength))
  return [source, ...(segments.length > 0 ? segments : ['event'])].slice(0, CHANNEL_LIMITS.segments).join('.')
}

function idOf(
  given: string | undefined,
  { volatile = [], newId }: Mapping,
  payload: unknown,
  body: Uint8Array,
): string | undefined {
  if (given !== undefined && given === tidy(given)) return given
  if (given !== undefined) return sha256(given)
  if (newId) return undefined
  // What is nested too deeply is refused afterwards; no encoder could write it.
  const isStable = volatile.length === 0 || payload === undefined || !isShallow(payload)
  const lasting = isStable
    ? body
    : JSON.stringify(payload, (name, value) => (volatile.includes(name) ? undefined : value))
  return sha256(lasting)
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A date of mail and HTTP, with its zone (RFC 5322 §3.3). */
const MAIL_DATE = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/

/** What is no time that can be read, or has no zone, is left to the time of arrival. */
function timeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  // Some write the offset of an RFC 3339 time without its colon.
  const time = text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  if (isTimestamp(time)) return time
  if (MAIL_DATE.test(text)) return toUtc(new Date(text))
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (!(number > 0)) return undefined
  return toUtc(new Date(number >= FIRST_MILLISECONDS ? number : number * 1000))
}

function toUtc(date: Date): string | undefined {
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? undefined : date.toISOString()
}

function severityOf(
  { severity }: Mapping,
  find: (places: readonly Lookup[]) => string | undefined,
): { severity?: Severity } {
  if (severity === undefined) return {}
  for (const place of severity.from) {
    const text = find([place])
    if (text !== undefined && Object.hasOwn(severity.values, text)) {
      const value = severity.values[text]
      return value === undefined ? {} : { severity: value }
    }
  }
  return {}
}

function dataOf(payload: unknown, mediaType: string | undefined, body: Uint8Array): EventDraft {
  if (payload !== undefined) return { datacontenttype: 'application/json', data: payload }
  if (body.length === 0) return {}
  return {
    datacontenttype: mediaType && isMediaType(mediaType) ? mediaType : 'application/octet-stream',
    data_base64: Buffer.from(body).toString('base64'),
  }
}
