import type { CloudEvent } from '#shared/core/event.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { decodeHttp, type HttpMessage, httpMode } from '#shared/pipeline/cloudevents/http.ts'
import { parseJson } from '#shared/pipeline/cloudevents/json-format.ts'
import {
  type CompleteEvent,
  type EventDraft,
  validateEvent,
} from '#shared/pipeline/cloudevents/validate-event.ts'
import { type CompleteDeps, completeEvent } from './check-event.ts'
import { type Binding, keyRequest, readIdempotencyKey } from './idempotency-key.ts'
import { continueTrace } from './traceparent.ts'

/** What was posted: events that are complete, and what is known of their ids. */
type Post = {
  readonly isBatch: boolean
  readonly events: readonly CloudEvent[]
  /** Ids that were made for this request: they cannot have been seen before. */
  readonly madeIds: ReadonlySet<string>
  readonly binding?: Binding
}

/**
 * Reads a `POST /events` of a credential: one event or a batch, with its `Idempotency-Key` and `traceparent`.
 * Throws Refusal `too_large` or `malformed`, and CloudEventError with every fault.
 */
export function readPost(
  message: HttpMessage,
  credential: string,
  deps: Omit<CompleteDeps, 'madeIds' | 'traceparent'>,
): Post {
  if (message.body.length > ACCEPT_LIMITS.bodyBytes)
    throw new Refusal(
      'too_large',
      'The body is larger than 1 MB (1,000,000 bytes); send the events in smaller batches.',
    )
  const key = readIdempotencyKey(message.headers['idempotency-key'])
  const keyed = key === undefined ? undefined : keyRequest(credential, key, message)
  const madeIds = new Set<string>()
  const traceparent = continueTrace(message.headers.traceparent)
  const completeDeps = { ...deps, newId: keyed?.newId ?? deps.newId, madeIds, traceparent }
  const { isBatch, events } = decodeRequest(message, (draft) => completeEvent(draft, completeDeps))
  if (events.length > ACCEPT_LIMITS.batchEvents)
    throw new Refusal(
      'too_large',
      `A batch holds at most ${ACCEPT_LIMITS.batchEvents} events; send several batches.`,
    )
  return keyed
    ? { isBatch, events, madeIds: new Set(), binding: keyed.binding }
    : { isBatch, events, madeIds }
}

/** The members of a plain JSON event (docs/ingest.md); anything else belongs into `data`. */
const PLAIN_MEMBERS = new Set(['type', 'data', 'subject', 'category', 'severity', 'id', 'source', 'time'])

/**
 * Decodes what was posted: CloudEvents in structured, binary or batch mode, or plain JSON `{type, data, …}`.
 * Throws CloudEventError with every fault.
 */
export function decodeRequest(
  message: HttpMessage,
  complete: CompleteEvent,
): { isBatch: boolean; events: CloudEvent[] } {
  if (httpMode(message.headers) !== 'none') {
    const decoded = decodeHttp(message, complete)
    return decoded.mode === 'batch'
      ? { isBatch: true, events: decoded.events }
      : { isBatch: false, events: [decoded.event] }
  }
  const mediaType = message.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    const detail =
      'Send application/json with {"type": …, "data": …}, application/cloudevents+json, application/cloudevents-batch+json, or ce- headers.'
    throw new CloudEventError('unsupported_media_type', [{ pointer: '', detail }])
  }
  return { isBatch: false, events: [validateEvent(plainDraft(parseJson(message.body)), complete)] }
}

function plainDraft(json: unknown): EventDraft {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    const detail =
      'must be a JSON object {"type": …, "data": …}; send many events as application/cloudevents-batch+json.'
    throw new CloudEventError('invalid_event', [{ pointer: '', detail }])
  }
  const unknown = Object.keys(json).filter((name) => !PLAIN_MEMBERS.has(name))
  const faults: Fault[] = unknown.map((name) => ({
    pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail: 'is not a member of a plain event; put it into "data", or send application/cloudevents+json.',
  }))
  if (faults.length > 0) throw new CloudEventError('invalid_event', faults)
  const draft = json as EventDraft
  return 'data' in draft ? { ...draft, datacontenttype: 'application/json' } : draft
}
