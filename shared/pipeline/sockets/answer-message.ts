import { INTEREST_LIMITS } from '#shared/core/limits.ts'
import {
  type ClientMessage,
  clientMessage,
  type ErrorFrame,
  type ServerFrame,
} from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type SubscribeDeps, subscribe } from './subscribe.ts'

export type MessageDeps = SubscribeDeps

/** How many faults of a message its error frame names. */
const FAULTS_NAMED = 5

const EXPIRED: ErrorFrame = {
  type: 'error',
  code: 'expired',
  detail: 'The connection has expired; connect again.',
}

/**
 * Handles one message of a client. Returns the frame that answers it, alone and last, for the caller to send; null where
 * there is none. What `subscribe` answers is posted instead, because `subscribed` must not overtake the replay frames
 * before it (docs/architecture.md, I3; docs/adr/0021). A message that is unknown or malformed is answered with an error
 * and never closes the connection. A connection without a principal gets the error `expired` and is closed. Posts are
 * retried until `deadline`, a time of `performance.now()`. Throws what a store throws.
 */
export async function answerMessage(
  connection: string,
  text: string,
  deadline: number,
  deps: MessageDeps,
): Promise<ServerFrame | null> {
  try {
    if ((await deps.subscriptions.principalOf(connection)) === null) {
      await deps.gateway.post(connection, JSON.stringify(EXPIRED), deadline)
      await deps.gateway.close(connection)
      return null
    }
    const message = parseMessage(text)
    switch (message.action) {
      case 'subscribe':
        await subscribe(connection, message, deadline, deps)
        return null
      case 'unsubscribe':
        await deps.subscriptions.remove(connection, message.id)
        return { type: 'unsubscribed', id: message.id }
      case 'ping':
        return await pong(connection, deps)
      case 'refresh':
        throw new Refusal('malformed', 'Tokens cannot be refreshed on this connection; connect again.')
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return errorFrame(error, idOf(text))
  }
}

async function pong(connection: string, { subscriptions }: MessageDeps): Promise<ServerFrame> {
  const own = await subscriptions.list(connection)
  return { type: 'pong', time: new Date().toISOString(), behind: own.some(({ behind }) => behind) }
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
  try {
    const found = (readJson(text) as { id?: unknown } | null)?.id
    return typeof found === 'string' ? found.slice(0, INTEREST_LIMITS.idLength) : undefined
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
