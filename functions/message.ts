import { Buffer } from 'node:buffer'
import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2, Context } from 'aws-lambda'
import { isOutage } from '#shared/adapters/aws/outage.ts'
import { requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { answerInTime, timeLeft } from '#shared/adapters/lambda/answer-in-time.ts'
import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import type { ErrorFrame, ServerFrame } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { messageRates } from '#shared/pipeline/limits/message-rates.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { answerMessage, errorFrame, idOf, type MessageDeps } from '#shared/pipeline/sockets/answer-message.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  auditTrail,
  catalogOf,
  eventStore,
  identityOf,
  limitsOf,
  openTables,
  revocationStore,
  socketGateway,
  statsRequest,
  subscriptionShards,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Time kept back from the function's own limit to settle what could not be sent, in milliseconds. */
const RESERVE_MS = 2000
/** Of that, the time to post the error of a message that took too long. */
const LATE_MS = 1500

export type MessageFunctionDeps = MessageDeps & Measured & { readonly audit: Audit }

export function composeMessage(env: Environment): MessageFunctionDeps {
  const tables = openTables(env)
  const shards = subscriptionShards(tables)
  const identity = identityOf(tables)
  return {
    telemetry: telemetryOf(env, 'message'),
    store: eventStore(tables),
    subscriptions: shards.of(0),
    gateway: socketGateway(env),
    catalog: catalogOf(env),
    revocations: revocationStore(tables),
    identify: (credential) =>
      requirePrincipal({ headers: { authorization: `Bearer ${credential}` } }, identity),
    now: Date.now,
    rates: messageRates(limitsOf(tables), () => performance.now()),
    requestStats: statsRequest(tables, shards),
    audit: auditTrail(env),
  }
}

/** The routes of serverless.yml that have a route response: those of the actions with one answer. */
export const ROUTES_WITH_RESPONSE: readonly string[] = ['ping', 'unsubscribe', 'refresh']

type MessageEvent = Pick<APIGatewayProxyWebsocketEventV2, 'body' | 'isBase64Encoded'> & {
  readonly requestContext: Pick<
    APIGatewayProxyWebsocketEventV2['requestContext'],
    'connectionId' | 'routeKey' | 'requestId'
  > & { readonly identity: { readonly sourceIp: string } }
}

/** What the audit trail calls an error that is sent to a client. */
const AUDITED: { readonly [code: string]: AuditedAction } = { forbidden: 'refused', rate_limited: 'limited' }

const LATE = 'This took too long, and may or may not have been done. Send the message again.'
const OUTAGE = 'The tables did not respond in time. Send the message again.'
const BROKEN = 'Something broke on our side; it has been logged. Send the message again.'

/**
 * Every message of a client: subscribe, unsubscribe, ping, refresh. An answer is the body of the route response, which
 * costs no call of the management API; where the route has none, it is posted (docs/adr/0021). What fails or takes too
 * long is answered with an error as well, and never closes the connection.
 */
export function createMessage({ audit, telemetry, ...deps }: MessageFunctionDeps) {
  /** Posts what the route cannot return. */
  const respond = async (
    { requestContext: { connectionId, routeKey } }: MessageEvent,
    frame: ServerFrame,
    deadline: number,
  ): Promise<APIGatewayProxyResultV2> => {
    const body = JSON.stringify(frame)
    if (ROUTES_WITH_RESPONSE.includes(routeKey)) return { statusCode: 200, body }
    await deps.gateway.post(connectionId, body, deadline)
    return { statusCode: 200 }
  }
  const auditRefusal = async ({ requestContext }: MessageEvent, { code, detail }: ErrorFrame) => {
    const action = AUDITED[code]
    if (action === undefined) return
    const { connectionId, routeKey, requestId, identity } = requestContext
    const { principal } = (await deps.subscriptions.find(connectionId)) ?? {}
    const target = routeKey === '$default' ? 'subscribe' : routeKey
    await audit.record({
      action,
      ...(principal && { principal: actorOf(principal) }),
      caller: { address: identity.sourceIp, requestId },
      target,
      reason: detail,
      group: target,
    })
  }
  const handle = async (event: MessageEvent, context: Context): Promise<APIGatewayProxyResultV2> => {
    const deadline = performance.now() + timeLeft(context, RESERVE_MS)
    const text = textOf(event)
    const answer = await answerMessage(event.requestContext.connectionId, text, deadline, deps).catch(
      (error: unknown) => failureFrame(error, text),
    )
    if (answer === null) return { statusCode: 200 }
    if (answer.type === 'error') await auditRefusal(event, answer)
    return respond(event, answer, deadline)
  }
  return answerInTime(handle, {
    reserveMs: LATE_MS,
    late: (event, context) => {
      const frame = errorFrame(new Refusal('unavailable', LATE), idOf(textOf(event)))
      return respond(event, frame, performance.now() + timeLeft(context, LATE_MS / 2))
    },
    telemetry,
  })
}

/** Logs an error, and returns the frame that tells the client without its text. */
function failureFrame(error: unknown, text: string): ServerFrame {
  logError('a message failed', error)
  return errorFrame(new Refusal('unavailable', isOutage(error) ? OUTAGE : BROKEN), idOf(text))
}

function textOf({ body, isBase64Encoded }: MessageEvent): string {
  return Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString()
}

export const handler = createMessage(composeMessage(readEnvironment(process.env)))
