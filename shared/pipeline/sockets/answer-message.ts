import type { Principal } from '#shared/core/access/principal.ts'
import { INTEREST_LIMITS, MESSAGE_LIMITS } from '#shared/core/limits.ts'
import {
  type ClientMessage,
  clientMessage,
  type ErrorFrame,
  type ServerFrame,
} from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { EXPIRED, endConnection } from '#shared/pipeline/end-connection.ts'
import type { Permit } from '#shared/pipeline/limits/limits.ts'
import type { MessageRates } from '#shared/pipeline/limits/message-rates.ts'
import type { OpenConnection } from '#shared/pipeline/ports.ts'
import { hasEnded, type RevocationStore } from '#shared/pipeline/revocations.ts'
import { type SubscribeDeps, subscribe } from './subscribe.ts'

export type MessageDeps = SubscribeDeps & {
  readonly revocations: Pick<RevocationStore, 'current'>
  readonly rates: MessageRates
  /** Returns the principal of an access token or an API key. Throws Refusal. */
  readonly identify: (credential: string) => Promise<Principal>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How many faults of a message its error frame names. */
const FAULTS_NAMED = 5

const FLOODED: ErrorFrame = {
  type: 'error',
  code: 'rate_limited',
  detail: 'The connection sent far more messages within ten seconds than it may, and is closed.',
}

/**
 * Handles one message of a client. Returns the frame that answers it, alone and last, for the caller to send; null where
 * there is none. What `subscribe` answers is posted instead, because `subscribed` must not overtake the replay frames
 * before it (docs/architecture.md, I3; docs/adr/0021). A message that is unknown or malformed is answered with an error
 * and never closes the connection. A connection that is unknown, or whose credential has ended, gets the error `expired`
 * and is closed, unless the message brings a newer one. Posts are retried until `deadline`, a time of
 * `performance.now()`. Throws what a store throws.
 */
export async function answerMessage(
  connection: string,
  text: string,
  deadline: number,
  deps: MessageDeps,
): Promise<ServerFrame | null> {
  // What is refused here costs no request to the tables.
  const permit = deps.rates.take(connection)
  try {
    await assertWithinRate(permit)
    return await answerWithin(connection, text, { deadline, isMet: permit !== null }, deps)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (permit?.isAllowed !== false || !deps.rates.isFlood(connection)) return errorFrame(error, idOf(text))
    await endConnection(connection, FLOODED, deadline, deps)
    return null
  } finally {
    await permit?.counted
  }
}

/** Handles a message of a connection that is within its rate, or, unless it `isMet`, is heard here for the first time. */
async function answerWithin(
  connection: string,
  text: string,
  { deadline, isMet }: { readonly deadline: number; readonly isMet: boolean },
  deps: MessageDeps,
): Promise<ServerFrame | null> {
  const [open, revoked] = await Promise.all([
    deps.subscriptions.countMessage(connection),
    deps.revocations.current(),
  ])
  const isOver = open === null || hasEnded(open.principal, deps.now(), revoked)
  if (isOver && (open === null || memberOf(text, 'action') !== 'refresh')) {
    await endConnection(connection, EXPIRED, deadline, deps)
    return null
  }
  if (open.messages > MESSAGE_LIMITS.closing) {
    await endConnection(connection, FLOODED, deadline, deps)
    return null
  }
  assertRate(open.messages)
  if (!isMet) {
    const permit = deps.rates.meet(connection, open.principal.name)
    await permit?.counted
    await assertWithinRate(permit)
  }
  const message = parseMessage(text)
  switch (message.action) {
    case 'subscribe':
      await subscribe(connection, message, { principal: open.principal, deadline }, deps)
      return null
    case 'unsubscribe':
      await deps.subscriptions.remove(connection, message.id)
      return { type: 'unsubscribed', id: message.id }
    case 'ping':
      return pong(connection, deps)
    case 'refresh':
      return refresh(connection, message.token, open, deps)
  }
}

async function assertWithinRate(permit: Permit | null): Promise<void> {
  if (permit === null || (await permit.admitted)) return
  const { perSecond, retryAfterSeconds } = permit
  const detail = `The connections of these credentials may send ${perSecond} messages per second together; wait ${retryAfterSeconds} s and send this one again.`
  throw new Refusal('rate_limited', detail, { retryAfterSeconds })
}

function assertRate(messages: number): void {
  if (messages <= MESSAGE_LIMITS.allowed) return
  const detail = `A connection may send ${MESSAGE_LIMITS.allowed} messages within ten seconds; wait ten seconds and send this one again.`
  throw new Refusal('rate_limited', detail, { retryAfterSeconds: 10 })
}

async function pong(connection: string, { subscriptions }: MessageDeps): Promise<ServerFrame> {
  const own = await subscriptions.list(connection)
  return { type: 'pong', time: new Date().toISOString(), behind: own.some(({ behind }) => behind) }
}

/**
 * Gives a connection a newer credential of the same user, key or service, with the role and the grants that it has. Throws
 * Refusal: `unauthenticated` for one that is not valid, `forbidden` for one of somebody else.
 */
async function refresh(
  connection: string,
  token: string,
  { principal: { name } }: OpenConnection,
  { subscriptions, identify, revocations, now }: MessageDeps,
): Promise<ServerFrame> {
  const principal = await identify(token)
  if (hasEnded(principal, now(), await revocations.current()))
    throw new Refusal('unauthenticated', 'These credentials have expired or were revoked; sign in again.')
  if (principal.name !== name)
    throw new Refusal(
      'forbidden',
      'These credentials are not of the user who opened this connection; open another one.',
    )
  const renewed = await subscriptions.renew(connection, principal)
  if (renewed === null) throw new Refusal('unavailable', 'The connection is being closed; connect again.')
  const expires = Math.min(renewed.principal.expires ?? renewed.ends, renewed.ends)
  return { type: 'refreshed', expires: new Date(expires).toISOString() }
}

/** Returns the frame that tells a client of a refusal, and which message it is about. */
export function errorFrame({ code, message }: Refusal, id: string | undefined): ErrorFrame {
  return { type: 'error', code, detail: message, ...(id !== undefined && { id }) }
}

/** Returns the message that a text is. Throws Refusal `malformed` that says what to correct. */
export function parseMessage(text: string): ClientMessage {
  const result = clientMessage.safeParse(readJson(text))
  if (result.success) return result.data as ClientMessage // parsed from JSON, so missing members are absent
  const faults = result.error.issues.map(
    ({ path, message: reason }) => `${path.join('.') || 'message'}: ${reason}`,
  )
  throw new Refusal('malformed', `The message is not valid: ${faults.slice(0, FAULTS_NAMED).join('; ')}.`)
}

/** The subscription id of a message that may be malformed, so that its error frame can name it. */
export function idOf(text: string): string | undefined {
  return memberOf(text, 'id')?.slice(0, INTEREST_LIMITS.idLength)
}

function memberOf(text: string, name: 'id' | 'action'): string | undefined {
  try {
    const found = (readJson(text) as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined // not JSON: the error frame says so
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const detail = 'The message is not JSON; send {"action":"subscribe", …} or another action as text.'
    throw new Refusal('malformed', detail, { cause })
  }
}
