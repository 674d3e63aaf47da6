import { Refusal } from '#shared/core/refusal.ts'

const MOST_BYTES = 10_000
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The body of a request for a move: an object, which may be left out. Throws Refusal `malformed` or `too_large`. */
export function readMoveBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  if (body.length > MOST_BYTES)
    throw new Refusal('too_large', `The body is larger than ${MOST_BYTES} bytes; write a shorter note.`)
  const json = body.length === 0 ? {} : parse(body)
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw new Refusal('malformed', 'The body must be a JSON object such as {"assignee": "anna"}, or empty.')
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(body))
  } catch (cause) {
    throw new Refusal('malformed', 'The body is not JSON: correct its syntax, or leave it out.', { cause })
  }
}
