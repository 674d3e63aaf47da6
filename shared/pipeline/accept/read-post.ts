import type { CloudEvent } from '#shared/core/event.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { HttpMessage } from '#shared/pipeline/cloudevents/http.ts'
import { type CompleteDeps, completeEvent } from './complete-event.ts'
import { decodeRequest } from './decode-request.ts'
import { type Binding, keyRequest, readIdempotencyKey } from './idempotency-key.ts'
import { continueTrace } from './traceparent.ts'

/** What was posted: events that are complete, and what is known of their ids. */
export type Post = {
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
