import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type CompleteDeps, completeEvent } from '#shared/pipeline/accept/complete-event.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { decodeHttp } from '#shared/pipeline/cloudevents/http.ts'
import { type CompleteEvent, validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import { answerChallenge, type ChallengeAnswer } from './answer-challenge.ts'
import { mapWebhook } from './map-webhook.ts'
import type { WebhookRequest } from './signed-content.ts'
import type { WebhookSource } from './sources.ts'
import { verifyWebhook } from './verify.ts'

/**
 * Verifies a delivery and makes an event of it, or the answer to a provider that only tries the endpoint out.
 * Throws Refusal `unauthenticated` when no signature holds, CloudEventError when the payload makes no event.
 */
export function receiveWebhook(
  source: WebhookSource,
  request: WebhookRequest,
  deps: CompleteDeps,
): { readonly event: CloudEvent } | { readonly answer: ChallengeAnswer } {
  const { schemes, secrets } = source
  const verdict = verifyWebhook({ ...request, schemes, secrets, now: deps.now() })
  if (!verdict.ok) throw new Refusal('unauthenticated', verdict.reason)
  const answer = answerChallenge(source.challenges ?? [], request)
  if (answer !== null) return { answer }
  const complete: CompleteEvent = (draft) => completeEvent(draft, deps)
  if (source.mapping.cloudevents) return { event: decodeDelivery(source, request, complete) }
  return { event: validateEvent(mapWebhook(source.name, source.mapping, request), complete) }
}

/** One CloudEvent. Binary mode is for senders that sign no content: a signature over the body leaves its `ce-` headers open. */
function decodeDelivery(
  { schemes }: WebhookSource,
  request: WebhookRequest,
  complete: CompleteEvent,
): CloudEvent {
  const decoded = decodeHttp(request, complete)
  const signsBody = schemes.some((scheme) => 'content' in scheme)
  if (decoded.mode === 'structured' || (decoded.mode === 'binary' && !signsBody)) return decoded.event
  const detail = 'must be one event as application/cloudevents+json, so that its signature covers all of it.'
  throw new CloudEventError('unsupported_media_type', [{ pointer: '', detail }])
}
