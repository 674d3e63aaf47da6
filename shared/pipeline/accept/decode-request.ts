import type { CloudEvent } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { decodeHttp, type HttpMessage, httpMode } from '#shared/pipeline/cloudevents/http.ts'
import { parseJson } from '#shared/pipeline/cloudevents/json-format.ts'
import {
  type CompleteEvent,
  type EventDraft,
  validateEvent,
} from '#shared/pipeline/cloudevents/validate-event.ts'

/** The members of a plain JSON event (CONTRACT.md); anything else belongs into `data`. */
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
