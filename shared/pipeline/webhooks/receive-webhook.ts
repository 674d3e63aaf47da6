import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type CompleteDeps, completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { decodeHttp } from '#shared/pipeline/cloudevents/http.ts'
import { type CompleteEvent, validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import { mapWebhook } from './map-webhook.ts'
import { fieldAt, readPayload } from './payload.ts'
import type { Challenge } from './provider.ts'
import type { WebhookSource } from './sources.ts'
import { verifyWebhook, type WebhookRequest } from './verify.ts'

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

type ChallengeAnswer = {
  readonly status: 200 | 204
  readonly body?: Readonly<Record<string, unknown>>
}

/** The answer to a request by which a provider only tries the endpoint out, or null for a real delivery. */
function answerChallenge(
  challenges: readonly Challenge[],
  { headers, body }: WebhookRequest,
): ChallengeAnswer | null {
  if (challenges.length === 0) return null
  const payload = readPayload(headers['content-type'], body)
  for (const { when, unless, reply, echo } of challenges) {
    const fits = Object.entries(when).every(([pointer, value]) => fieldAt(payload, pointer) === value)
    if (!fits || (unless !== undefined && fieldAt(payload, unless) !== undefined)) continue
    if (reply === undefined && echo === undefined) return { status: 204 }
    const echoed = Object.entries(echo ?? {}).map(([name, pointer]) => [name, fieldAt(payload, pointer)])
    return { status: 200, body: { ...reply, ...Object.fromEntries(echoed) } }
  }
  return null
}

/** A header's value as it may be echoed: visible ASCII of a bearable length. */
const ORIGIN = /^[!-~]{1,253}$/

/**
 * Answers the handshake of a sender that asks whether it may deliver
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection). Whoever asks is
 * granted: what is delivered must be signed all the same.
 * Throws Refusal `malformed` for an origin that is none.
 */
export function grantDeliveries(headers: Readonly<Record<string, string | undefined>>): {
  readonly status: 200 | 204
  readonly headers: Readonly<Record<string, string>>
} {
  const allow = 'POST, OPTIONS'
  const origin = headers['webhook-request-origin']
  if (origin === undefined) return { status: 204, headers: { allow } } // a browser's preflight, or someone curious
  if (!ORIGIN.test(origin))
    throw new Refusal('malformed', 'The header "WebHook-Request-Origin" must be a DNS name.')
  const asksForRate = headers['webhook-request-rate'] !== undefined
  return {
    status: 200,
    headers: {
      allow,
      'webhook-allowed-origin': origin,
      // A rate must be answered where one was asked for. Deliveries past what we can take are refused with 429 or 503.
      ...(asksForRate && { 'webhook-allowed-rate': '*' }),
    },
  }
}

/**
 * The URL that a sender called, as Twilio, HubSpot and Square sign it. `configured` is the public base URL and wins;
 * without one, the `X-Forwarded-*` and `Host` headers are believed, which any sender can write: good enough where
 * nothing else is signed for another host with the same secret, so configure one in the cloud.
 */
export function publicUrl(
  configured: string | undefined,
  {
    path,
    rawQuery,
    headers,
  }: {
    readonly path: string
    readonly rawQuery: string
    readonly headers: Readonly<Record<string, string | undefined>>
  },
): string {
  const protocol = firstOf(headers['x-forwarded-proto']) ?? 'http'
  const host = firstOf(headers['x-forwarded-host']) ?? headers.host ?? 'localhost'
  const base = configured?.replace(/\/+$/, '') || `${protocol}://${host}`
  return `${base}${path}${rawQuery === '' ? '' : `?${rawQuery}`}`
}

/** Each proxy on the way appends what it saw; the first is what the sender called. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim() || undefined
}
