import { serviceName } from '#shared/core/access/principal.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import type { Sent } from '#shared/pipeline/accept/accept.ts'
import type { Author } from '#shared/pipeline/accept/authorship.ts'
import { type CompleteDeps, completeEvent, createIdMaker } from '#shared/pipeline/accept/check-event.ts'
import { sentOf } from '#shared/pipeline/accept/read-post.ts'
import { assertSingleHeaders, decodeHttp } from '#shared/pipeline/cloudevents/http.ts'
import {
  type CompleteEvent,
  type EventDraft,
  validateEvent,
} from '#shared/pipeline/cloudevents/validate-event.ts'
import { answerChallenge, type Handshake, isLikeToken } from './handshakes/answer-challenge.ts'
import type { KnownKeys } from './keys/certificate.ts'
import { mapWebhook } from './map-webhook.ts'
import type { WebhookSource } from './sources.ts'
import { verifyWebhook } from './verify.ts'
import { type WebhookRequest, withAccessToken } from './webhook-request.ts'

/**
 * What a verified request becomes: an event, with what of it was sent, and its id in `madeIds` if it was made here; or
 * the answer to a test.
 */
type Received =
  | { readonly event: CloudEvent; readonly sent: Sent; readonly madeIds: ReadonlySet<string> }
  | Handshake

/** Whether a source has secrets that its sender made for itself. */
export function keepsSecrets({ challenges = [] }: Pick<WebhookSource, 'challenges'>): boolean {
  return challenges.some(({ keeps }) => keeps !== undefined)
}

/** Returns the methods that a source takes. */
export function methodsOf({ challenges = [] }: Pick<WebhookSource, 'challenges'>): string[] {
  return [...new Set(['POST', 'OPTIONS', ...challenges.map(({ method = 'POST' }) => method)])]
}

/** Verifies the bytes that were sent. Some senders sign before they compress: then it is the decoded ones that are signed. */
function verifySent({ sentBody, ...verification }: Parameters<typeof verifyWebhook>[0]) {
  const asSent = sentBody === undefined ? null : verifyWebhook({ ...verification, body: sentBody })
  return asSent?.ok ? asSent : verifyWebhook(verification)
}

const NO_HANDSHAKE =
  'This request is no handshake of the provider: what it asks with is missing (docs/webhooks.md).'
const LIKE_TOKEN = 'The body is a token, which this source signs for everybody that asks.'

/** Returns who the deliveries of a source are from. It may write what a publisher may, and acts in its own name only. */
export function webhookAuthor({ name }: Pick<WebhookSource, 'name'>): Author {
  return { name: serviceName(`webhook/${name}`), role: 'publisher' }
}

/** `known` is what `prepareDelivery` returns. */
type ReceiveDeps = CompleteDeps & { readonly known?: KnownKeys }

/**
 * Verifies a delivery and returns its event, or the answer to a provider that only tests the endpoint.
 * Throws Refusal: `unauthenticated` if no signature is valid, or a handshake names nothing that is expected;
 * `malformed` if a header of the signature came several times; `method_not_allowed` if the provider has no handshake of
 * this method; `unsupported_media_type`, `malformed` or `invalid_event` if the payload cannot become an event.
 */
export function receiveWebhook(source: WebhookSource, sent: WebhookRequest, deps: ReceiveDeps): Received {
  const request = withAccessToken(sent, source)
  const { schemes, secrets, challenges = [] } = source
  const isDelivery = request.method === 'POST'
  const ofMethod = challenges.filter(({ method = 'POST' }) => method === request.method)
  if (!isDelivery && ofMethod.length === 0)
    throw new Refusal(
      'method_not_allowed',
      `The source "${source.name}" has no handshake by ${request.method}: it takes deliveries by POST.`,
    )
  const unsigned = ofMethod.filter((challenge) => challenge.unsigned)
  const early = answerChallenge(unsigned, request, source)
  if (early !== null) return early
  if (isDelivery || unsigned.length < ofMethod.length) {
    const verdict = verifySent({ ...request, schemes, secrets, known: deps.known, now: deps.now() })
    if (!verdict.ok) throw new Refusal(verdict.isRepeated ? 'malformed' : 'unauthenticated', verdict.reason)
    const signed = ofMethod.filter((challenge) => !challenge.unsigned)
    const answer = answerChallenge(signed, request, source)
    if (answer !== null) return answer
  }
  if (!isDelivery) throw new Refusal('malformed', NO_HANDSHAKE)
  if (isLikeToken(challenges, request.body, request.sentBody))
    throw new Refusal('unauthenticated', LIKE_TOKEN)
  assertSingleHeaders(request.headers)
  const ids = createIdMaker(deps.newId)
  const actor = webhookAuthor(source).name
  const drafts: EventDraft[] = []
  const complete: CompleteEvent = (draft) => {
    drafts.push(draft)
    return completeEvent(draft, { ...deps, newId: ids.newId, actor })
  }
  if (source.mapping.cloudevents) {
    const event = decodeDelivery(source, request, complete)
    return { event, sent: sentOf(drafts[0] ?? {}, event, ids.made()), madeIds: ids.made() }
  }
  // A provider may repeat a delivery with other content, such as a count of its attempts. Only it has this source.
  const event = validateEvent(mapWebhook(source.name, source.mapping, request), complete)
  return { event, sent: { source: undefined }, madeIds: ids.made() }
}

/** Decodes one CloudEvent. Binary mode is for senders that sign no content: a signature of the body does not cover its `ce-` headers. */
function decodeDelivery(
  { schemes }: WebhookSource,
  request: WebhookRequest,
  complete: CompleteEvent,
): CloudEvent {
  const decoded = decodeHttp(request, complete)
  const signsBody = schemes.some((scheme) => 'content' in scheme)
  if (decoded.mode === 'structured' || (decoded.mode === 'binary' && !signsBody)) return decoded.event
  const detail = 'must be one event as application/cloudevents+json, so that its signature covers all of it.'
  throw faultsRefusal('unsupported_media_type', [{ pointer: '', detail }])
}

/** A header's value that is safe to echo: visible ASCII, no longer than a DNS name. */
const ORIGIN = /^[!-~]{1,253}$/

/**
 * Returns the response to a sender that asks whether it may deliver
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection). Every sender may:
 * its deliveries must be signed anyway. Throws Refusal `malformed` if the origin is not a DNS name.
 */
export function grantDeliveries(headers: Readonly<Record<string, string | undefined>>): {
  readonly status: 200 | 204
  readonly headers: Readonly<Record<string, string>>
} {
  const allow = 'POST, OPTIONS'
  const origin = headers['webhook-request-origin']
  if (origin === undefined) return { status: 204, headers: { allow } } // a browser's preflight, for example
  if (!ORIGIN.test(origin))
    throw new Refusal('malformed', 'The header "WebHook-Request-Origin" must be a DNS name.')
  const asksForRate = headers['webhook-request-rate'] !== undefined
  return {
    status: 200,
    headers: {
      allow,
      'webhook-allowed-origin': origin,
      // A request for a rate must get one. Deliveries above our capacity are refused with 429 or 503.
      ...(asksForRate && { 'webhook-allowed-rate': '*' }),
    },
  }
}

/**
 * Returns the URL that a sender called, as Twilio, HubSpot and Square sign it. `configured` is the public base URL and
 * takes precedence. Without it the `X-Forwarded-*` and `Host` headers are trusted, which any sender can write: that is
 * safe only if nothing is signed for another host with the same secret. So configure one in the cloud.
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

/** Each proxy appends the value that it received; the first is the one that the sender used. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim() || undefined
}
