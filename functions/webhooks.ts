import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import { continueTrace } from '#shared/pipeline/accept/read-post.ts'
import { assertUnreserved, type Lifecycles, lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'

import { grantDeliveries, publicUrl, receiveWebhook } from '#shared/pipeline/webhooks/receive-webhook.ts'
import { type WebhookSource, webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import { catalogOf, claimStore, kafkaLog, newId, openTables } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

export type WebhooksDeps = AcceptDeps & {
  readonly sources: ReadonlyMap<string, WebhookSource>
  readonly lifecycles: Lifecycles
  /** The address that senders use, where it is not the request's own. */
  readonly configuredUrl: string | undefined
  readonly now: () => Date
}

export function composeWebhooks(env: Environment): WebhooksDeps {
  return {
    kafka: kafkaLog(env),
    claims: claimStore(openTables(env)),
    catalog: catalogOf(env),
    lifecycles: lifecyclesOf(domains),
    sources: webhookSources(env.webhooks),
    configuredUrl: env.publicUrl,
    newId,
    now: () => new Date(),
  }
}

/**
 * `POST /webhooks/{source}`: 202 once Kafka has the event, after its signature was verified. `OPTIONS` asks whether a
 * sender may deliver.
 */
export function createWebhooks({ sources, lifecycles, configuredUrl, ...accepting }: WebhooksDeps) {
  return httpHandler(async (request) => {
    const source = sources.get(request.pathParameters.source ?? '')
    if (source === undefined)
      throw new Refusal('not_found', 'There is no webhook source of this name here; see docs/webhooks.md.')
    if (request.method === 'OPTIONS') return grantDeliveries(request.headers)
    if (request.body.length > ACCEPT_LIMITS.bodyBytes)
      throw new Refusal('too_large', 'The body is larger than 1 MB (1,000,000 bytes).')
    const url = publicUrl(configuredUrl, request)
    const traceparent = continueTrace(request.headers.traceparent)
    const received = receiveWebhook(source, { ...request, url }, { ...accepting, traceparent })
    if ('answer' in received) return received.answer
    assertUnreserved([received.event], lifecycles)
    const [receipt] = await accept(
      [received.event],
      received.madeIds,
      stopAppendsAt(request.signal, accepting),
    )
    return { status: 202, body: receipt }
  })
}

export const handler = createWebhooks(composeWebhooks(readEnvironment(process.env)))
