import { INTEREST_LIMITS } from '#shared/core/limits.ts'
import {
  type ClientMessage,
  clientMessage,
  type ErrorFrame,
  type ServerFrame,
} from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type SubscribeDeps, subscribe } from './subscribe.ts'

/**
 * Answers one message of a client, by posting to its connection. What is unknown or malformed is answered with an
 * error frame and never closes the connection; a connection without a principal is told `expired` and closed.
 */
export async function answerMessage(
  connection: string,
  text: string,
  deadline: number,
  deps: SubscribeDeps,
): Promise<void> {
  const post = (frame: ServerFrame) => deps.gateway.post(connection, JSON.stringify(frame), deadline)
  try {
    if ((await deps.subscriptions.principalOf(connection)) === null) {
      await post({
        type: 'error',
        code: 'expired',
        detail: 'The connection is not known any more; connect again.',
      })
      return await deps.gateway.close(connection)
    }
    const message = parseMessage(text)
    if (message.action === 'subscribe') return await subscribe(connection, message, deadline, deps)
    if (message.action === 'unsubscribe') {
      await deps.subscriptions.remove(connection, message.id)
      await post({ type: 'unsubscribed', id: message.id })
    } else if (message.action === 'ping') {
      const subscriptions = await deps.subscriptions.list(connection)
      const behind = subscriptions.some((subscription) => subscription.behind)
      await post({ type: 'pong', time: new Date().toISOString(), behind })
    } else throw new Refusal('malformed', 'Tokens cannot be refreshed on this connection; connect again.')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await post(errorFrame(error, idOf(text)))
  }
}

function errorFrame({ code, message }: Refusal, id: string | undefined): ErrorFrame {
  return { type: 'error', code, detail: message, ...(id !== undefined && { id }) }
}

/** Reads a client's message. Throws Refusal `malformed` that says what to mend; `id` is answered where there is one. */
export function parseMessage(text: string): ClientMessage {
  const json = readJson(text)
  const result = clientMessage.safeParse(json)
  if (result.success) return result.data as ClientMessage // parsed from JSON, so what is left out is absent
  const problems = result.error.issues.map(
    ({ path, message: reason }) => `${path.join('.') || 'message'}: ${reason}`,
  )
  throw new Refusal('malformed', `The message is not understood: ${problems.slice(0, 5).join('; ')}.`)
}

/** The subscription id of a message that may be malformed, so that the error can name it. */
export function idOf(text: string): string | undefined {
  try {
    const found = (readJson(text) as { id?: unknown } | null)?.id
    return typeof found === 'string' ? found.slice(0, INTEREST_LIMITS.idLength) : undefined
  } catch {
    return undefined // no JSON: the error says so
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal(
      'malformed',
      'The message is not JSON; send {"action":"subscribe", …} or another action as text.',
      {
        cause,
      },
    )
  }
}
