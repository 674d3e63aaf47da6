import type { CloudEvent } from '#shared/core/event.ts'
import { ACCEPT_LIMITS, FAULTS_LIMIT } from '#shared/core/limits.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import {
  assertSingleHeaders,
  decodeHttp,
  type HttpMessage,
  httpMode,
} from '#shared/pipeline/cloudevents/http.ts'
import { parseJson } from '#shared/pipeline/cloudevents/json-format.ts'
import { assertUtf8MediaType, essenceOf } from '#shared/pipeline/cloudevents/media-type.ts'
import {
  type CompleteEvent,
  type EventDraft,
  isDraft,
  pointerTo,
  validateEvent,
} from '#shared/pipeline/cloudevents/validate-event.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'
import type { Incoming, Sent } from './accept.ts'
import { type CompleteDeps, completeEvent, createIdMaker } from './check-event.ts'
import { digestOf } from './event-digest.ts'
import { keyRequest, readIdempotencyKey } from './idempotency-key.ts'

/** What was posted. */
type Post = Incoming & { readonly isBatch: boolean }

/**
 * Reads a `POST /events` of a principal, by name: one event or a batch, with its `Idempotency-Key` and `traceparent`.
 * Throws Refusal: `too_large`, `malformed`, `unsupported_media_type`, or `invalid_event` with every fault.
 */
export function readPost(
  message: HttpMessage,
  credential: string,
  deps: Omit<CompleteDeps, 'traceparent' | 'actor'>,
): Post {
  if (message.body.length > ACCEPT_LIMITS.bodyBytes) {
    const detail = 'The body is larger than 1 MB (1,000,000 bytes); send the events in smaller batches.'
    throw new Refusal('too_large', detail)
  }
  const key = readIdempotencyKey(message.headers['idempotency-key'])
  const keyed = key === undefined ? undefined : keyRequest(credential, key, message)
  const traceparent = continueTrace(message.headers.traceparent)
  const ids = createIdMaker(keyed?.newId ?? deps.newId)
  const completeDeps = { ...deps, newId: ids.newId, traceparent, actor: credential }
  const drafts: EventDraft[] = []
  const { isBatch, events } = decodeRequest(message, (draft) => {
    drafts.push(draft)
    return completeEvent(draft, completeDeps)
  })
  if (events.length > ACCEPT_LIMITS.batchEvents) {
    const detail = `A batch has at most ${ACCEPT_LIMITS.batchEvents} events; send several batches.`
    throw new Refusal('too_large', detail)
  }
  // The ids of a request with a key are the same when it is repeated: they may have been seen before.
  const madeIds: ReadonlySet<string> = keyed ? new Set() : ids.made()
  const sent = events.map((event, index) => sentOf(drafts[index] ?? {}, event, madeIds))
  return { isBatch, events, sent, madeIds, ...(keyed && { binding: keyed.binding }) }
}

/** An id that was made for this request is in no other one, so that nothing has to tell its event from others. */
export function sentOf(draft: EventDraft, event: CloudEvent, madeIds: ReadonlySet<string>): Sent {
  const source = typeof draft.source === 'string' ? draft.source : undefined
  return madeIds.has(event.id) ? { source } : { source, digest: digestOf(draft, event) }
}

/** The members of a plain JSON event (docs/ingest.md); anything else belongs into `data`. */
const PLAIN_MEMBERS = new Set(['type', 'data', 'subject', 'category', 'severity', 'id', 'source', 'time'])

/**
 * Decodes the events of a request: CloudEvents in structured, binary or batch mode, or plain JSON `{type, data, …}`.
 * Throws Refusal with every fault.
 */
export function decodeRequest(
  message: HttpMessage,
  complete: CompleteEvent,
): { isBatch: boolean; events: CloudEvent[] } {
  assertSingleHeaders(message.headers)
  if (httpMode(message.headers) !== 'none') {
    const decoded = decodeHttp(message, complete)
    return decoded.mode === 'batch'
      ? { isBatch: true, events: decoded.events }
      : { isBatch: false, events: [decoded.event] }
  }
  const { 'content-type': contentType = '' } = message.headers
  if (essenceOf(contentType) !== 'application/json') {
    const detail =
      'Send application/json with {"type": …, "data": …}, application/cloudevents+json, application/cloudevents-batch+json, or ce- headers.'
    throw faultsRefusal('unsupported_media_type', [{ pointer: '', detail }])
  }
  assertUtf8MediaType(contentType)
  return { isBatch: false, events: [validateEvent(plainDraft(parseJson(message.body)), complete)] }
}

function plainDraft(json: unknown): EventDraft {
  if (!isDraft(json)) {
    const detail =
      'must be a JSON object {"type": …, "data": …}; send many events as application/cloudevents-batch+json.'
    throw faultsRefusal('invalid_event', [{ pointer: '', detail }])
  }
  const unknown = Object.keys(json).filter((name) => !PLAIN_MEMBERS.has(name))
  const faults: Fault[] = unknown.slice(0, FAULTS_LIMIT).map((name) => ({
    pointer: pointerTo(name),
    detail: 'is not a member of a plain event; put it into "data", or send application/cloudevents+json.',
  }))
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return 'data' in json ? { ...json, datacontenttype: 'application/json' } : json
}
