import { decodeBody } from '#shared/adapters/http/decode-body.ts'
import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { respondOpenly, respondWithin } from '#shared/adapters/http/respond-as.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type AcceptDeps, acceptFrom } from '#shared/pipeline/accept/accept.ts'
import type { SourceOwner } from '#shared/pipeline/accept/source-owner.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { type HandshakeSecretStore, KEPT_SECRETS } from '#shared/pipeline/handshake-secret-store.ts'
import { clientOf } from '#shared/pipeline/limits/client-of.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'
import { prepareDelivery, type SenderKeys, senderKeys } from '#shared/pipeline/webhooks/prepare-delivery.ts'
import {
  grantDeliveries,
  keepsSecrets,
  methodsOf,
  publicUrl,
  receiveWebhook,
  webhookAuthor,
} from '#shared/pipeline/webhooks/receive-webhook.ts'
import { receivedAnswer, refusalFor, UnexpectedHandshake } from '#shared/pipeline/webhooks/sender-answer.ts'
import type { CurrentSources, WebhookSource } from '#shared/pipeline/webhooks/sources.ts'
import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  handshakeSecretStore,
  kafkaLog,
  limitsOf,
  newId,
  openTables,
  senderKeyStore,
  sourceOwnerOf,
  telemetryWithHops,
  webhookSourcesOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { followAppends } from './lib/follow-appends.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

type WebhookDelivery = HttpRequest & { readonly url: string; readonly sentBody?: Uint8Array }
type ReceiveDeps = Parameters<typeof receiveWebhook>[2]

export type WebhooksDeps = AcceptDeps &
  Measured & {
    readonly sources: CurrentSources
    readonly sourceOwner: SourceOwner
    readonly senderKeys: SenderKeys
    readonly handshakeSecrets: HandshakeSecretStore
    readonly audit: Audit
    readonly limits: Limits
    /** The address that senders use, where it is not the request's own. */
    readonly configuredUrl: string | undefined
    readonly now: () => Date
  }

export function composeWebhooks(env: Environment) {
  const tables = openTables(env)
  const telemetry = telemetryWithHops(tables, 'webhooks')
  const catalog = catalogOf(env)
  const accepting = {
    kafka: kafkaLog(env, telemetry, catalog.names),
    claims: claimStore(tables),
    catalog,
    newId,
  }
  return {
    ...accepting,
    telemetry,
    audit: auditTrailInKafka(accepting),
    sourceOwner: sourceOwnerOf(tables),
    senderKeys: senderKeys(senderKeyStore(tables), { now: Date.now }),
    handshakeSecrets: handshakeSecretStore(tables),
    limits: limitsOf(tables),
    sources: webhookSourcesOf(env),
    configuredUrl: env.publicUrl,
    now: () => new Date(),
  } satisfies WebhooksDeps
}

/**
 * `POST /webhooks/{source}`: 202, or the status that its sender expects, once Kafka has the event, after its signature was
 * verified. `GET` and `HEAD` are handshakes of senders that have some. `OPTIONS` asks whether a sender may deliver.
 */
export function createWebhooks({
  sources,
  senderKeys,
  handshakeSecrets,
  audit,
  limits,
  configuredUrl,
  telemetry,
  ...accepting
}: WebhooksDeps) {
  /** `receiveWebhook`; a delivery that is not signed as it must be is audited, and too many of them are limited. */
  const receive = async (source: WebhookSource, request: WebhookDelivery, deps: ReceiveDeps) => {
    try {
      return await limits.check(placeOf(source, request), null, async () => {
        const known = await prepareDelivery(source, request, senderKeys)
        return receiveWebhook(source, request, { ...deps, known })
      })
    } catch (error) {
      const { name: target } = source
      if (error instanceof Refusal && ['unauthenticated', 'rate_limited'].includes(error.code))
        await audit.record({
          action: 'signature.refused',
          caller: request.caller,
          target,
          reason: error.message,
          group: target,
        })
      throw error instanceof UnexpectedHandshake ? error.told : error
    }
  }
  const withKeptSecrets = async (source: WebhookSource): Promise<WebhookSource> => {
    if (!keepsSecrets(source)) return source
    return { ...source, secrets: [...source.secrets, ...(await handshakeSecrets.list(source.name))] }
  }
  const respond = async (source: WebhookSource, request: HttpRequest): Promise<HttpResponse> => {
    if (request.method === 'OPTIONS') return grantDeliveries(request.headers)
    if (request.body.length > ACCEPT_LIMITS.bodyBytes)
      throw new Refusal('too_large', 'The body is larger than 1 MB (1,000,000 bytes).')
    const decoded = decodeBody(request)
    const delivery = {
      ...decoded,
      url: publicUrl(configuredUrl, request),
      ...(decoded !== request && { sentBody: request.body }),
    }
    const traceparent = continueTrace(request.headers.traceparent)
    const received = await receive(await withKeptSecrets(source), delivery, { ...accepting, traceparent })
    if ('answer' in received) {
      if (received.secret !== undefined && !(await handshakeSecrets.keep(source.name, received.secret)))
        throw new Refusal('conflict', `"${source.name}" has ${KEPT_SECRETS} secrets of handshakes already.`)
      if (received.visit !== undefined) await senderKeys.visit(received.visit)
      return received.answer
    }
    const { event, sent, madeIds } = received
    const [receipt] = await acceptFrom(
      webhookAuthor(source),
      { events: [event], sent: [sent], madeIds },
      followAppends(request, stopAppendsAt(request.signal, accepting), telemetry),
    )
    telemetry?.metrics.count('events_accepted', 1)
    return receivedAnswer(source.answer ?? {}, receipt)
  }
  return httpHandler(async (request) => {
    const source = (await sources()).get(request.pathParameters.source ?? '')
    if (source === undefined)
      return respondOpenly(request, { limits }, () => {
        throw new Refusal('not_found', 'There is no webhook source of this name here; see docs/webhooks.md.')
      })
    const permit = limits.take('webhook', placeOf(source, request))
    return refusalOr(source, request, await respondWithin(request, permit, () => respond(source, request)))
  }, telemetry)
}

/**
 * Returns a response as it is, or the refusal of a delivery as the sender takes it. 405 names the methods (RFC 9110
 * §15.5.6).
 */
function refusalOr(source: WebhookSource, { method }: HttpRequest, response: HttpResponse): HttpResponse {
  if (response.status === 405)
    return { ...response, headers: { ...response.headers, allow: methodsOf(source).join(', ') } }
  const isRefusal = response.status >= 400 && method === 'POST'
  return isRefusal ? refusalFor(source.answer ?? {}, response) : response
}

/** The senders of a source are limited by their addresses, so that a flood does not keep the source's own ones out. */
function placeOf({ name }: WebhookSource, { caller: { address = '' } }: Pick<HttpRequest, 'caller'>): string {
  return `${name} ${clientOf(address)}`
}

const deps = composeWebhooks(readEnvironment(process.env))
await deps.kafka.ready
export const handler = createWebhooks(deps)
