import * as z from 'zod'
import { refuseChannel } from '#shared/core/channel.ts'
import { PATTERN_EXPRESSION } from '#shared/core/channel-expressions.ts'
import type { ClientMessage } from '#shared/core/frame.ts'
import { Refusal } from '#shared/core/refusal.ts'

/** Limits of a subscription's own lists. */
const LIMITS = { channels: 20, filterValues: 50, valueLength: 256, idLength: 64, sinceLength: 8192 } as const

const pattern = z
  .string()
  .superRefine((text, context) => {
    const reason = refuseChannel(text, { patterns: true })
    if (reason) context.addIssue({ code: 'custom', message: `"${text.slice(0, 80)}" ${reason}` })
  })
  .meta({ pattern: PATTERN_EXPRESSION, examples: ['port.*', 'market.tick.**'] })
const id = z.string().min(1).max(LIMITS.idLength)
const values = z.array(z.string().max(LIMITS.valueLength)).min(1).max(LIMITS.filterValues)
const subscribe = z.object({
  action: z.literal('subscribe'),
  id,
  attempt: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Grows with each try; answers echo it. 1 if left out.' }),
  channels: z.array(pattern).min(1).max(LIMITS.channels),
  filter: z
    .strictObject({
      severity: values.optional(),
      type: z.array(pattern).min(1).max(LIMITS.filterValues).optional(),
      subject: values.optional(),
    })
    .optional(),
  since: z
    .string()
    .max(LIMITS.sinceLength)
    .optional()
    .meta({ description: '"latest", "earliest", a cursor or an RFC 3339 time. "latest" if left out.' }),
})
/** What a client may send. */
export const clientMessage = z.discriminatedUnion('action', [
  subscribe,
  z.object({ action: z.literal('unsubscribe'), id }),
  z.object({ action: z.literal('ping') }),
  z.object({ action: z.literal('refresh'), token: z.string().min(1) }),
])

/** Reads a client's message. Throws Refusal `malformed` that says what to mend; `id` is answered where there is one. */
export function parseMessage(text: string): ClientMessage {
  const json = readJson(text)
  const result = clientMessage.safeParse(json)
  if (result.success) return withoutUndefined(result.data)
  const problems = result.error.issues.map(
    ({ path, message: reason }) => `${path.join('.') || 'message'}: ${reason}`,
  )
  throw new Refusal('malformed', `The message is not understood: ${problems.slice(0, 5).join('; ')}.`)
}

/** The subscription id of a message that may be malformed, so that the error can name it. */
export function idOf(text: string): string | undefined {
  try {
    const found = (readJson(text) as { id?: unknown } | null)?.id
    return typeof found === 'string' ? found.slice(0, LIMITS.idLength) : undefined
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

function withoutUndefined(parsed: z.infer<typeof clientMessage>): ClientMessage {
  return JSON.parse(JSON.stringify(parsed)) as ClientMessage
}
