import { INTEREST_LIMITS } from '#shared/core/limits.ts'
import { type ClientMessage, clientMessage } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'

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
