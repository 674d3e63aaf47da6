import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { continueTrace } from '#shared/pipeline/accept/traceparent.ts'
import { refuseReserved } from '#shared/pipeline/lifecycle/lifecycles.ts'

import { grantDeliveries, publicUrl, receiveWebhook } from '#shared/pipeline/webhooks/receive-webhook.ts'

import { catalog, claims, configuredUrl, kafka, lifecycles, newId, webhookSenders } from './compose.ts'

/** `POST /webhooks/{source}`: 202 once Kafka has the event, after its signature held; `OPTIONS` asks whether one may deliver. */
export const handler = httpHandler(async (request) => {
  const source = webhookSenders.get(request.pathParameters.source ?? '')
  if (source === undefined)
    throw new Refusal('not_found', 'There is no webhook source of this name here; see docs/webhooks.md.')
  if (request.method === 'OPTIONS') return grantDeliveries(request.headers)
  if (request.body.length > ACCEPT_LIMITS.bodyBytes)
    throw new Refusal('too_large', 'The body is larger than 1 MB (1,000,000 bytes).')
  const url = publicUrl(configuredUrl, request)
  const deps = { kafka, claims, catalog, newId, now: () => new Date(), madeIds: new Set<string>() }
  const traceparent = continueTrace(request.headers.traceparent)
  const received = receiveWebhook(source, { ...request, url }, { ...deps, traceparent })
  if ('answer' in received) return received.answer
  refuseReserved([received.event], lifecycles)
  const [receipt] = await accept([received.event], deps.madeIds, deps)
  return { status: 202, body: receipt }
})
