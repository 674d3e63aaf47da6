import * as z from 'zod'
import { clientMessage } from '#shared/pipeline/sockets/parse-message.ts'
import { cursor } from './answer-schemas.ts'
import { positionedEvent } from './event-schemas.ts'

const [subscribe, unsubscribe, ping, refresh] = clientMessage.options

/** What a client may send, by name: the very schemas that the server reads messages with. */
export const clientMessages = { subscribe, unsubscribe, ping, refresh }

const id = z.string().meta({ description: 'The id of the subscription.' })
const ids = z.array(z.string()).min(1).meta({ description: 'The subscriptions that asked for these events.' })
const attempt = z.int().min(1).meta({ description: 'The attempt that is answered.' })
const time = z.string().meta({ format: 'date-time' })

/** What the server may send, by name. */
export const serverFrames = {
  events: z
    .object({
      type: z.literal('events'),
      ids,
      attempt: attempt.optional(),
      replay: z.literal(true).optional(),
      events: z.array(positionedEvent).min(1),
    })
    .meta({
      description:
        'Events: with "replay" those that were missed, oldest first per partition; without it live ones, at any time once asked.',
    }),
  subscribed: z
    .object({
      type: z.literal('subscribed'),
      id,
      attempt,
      cursor,
      recovered: z.boolean(),
      reason: z.enum(['too_far', 'trimmed', 'epoch']).optional(),
    })
    .meta({
      description:
        'The subscription stands; comes after the last replay frame. Not recovered: "too_far" to replay over a socket, "trimmed" from the log, or the topic was recreated ("epoch").',
    }),
  unsubscribed: z
    .object({ type: z.literal('unsubscribed'), id })
    .meta({ description: 'The subscription has ended.' }),
  pong: z.object({ type: z.literal('pong'), time, behind: z.boolean() }).meta({
    description: 'The answer to a ping. "behind": a frame was missed; resume from your own cursor.',
  }),
  refreshed: z
    .object({ type: z.literal('refreshed'), expires: time })
    .meta({ description: 'The connection’s credentials were renewed.' }),
  gap: z
    .object({ type: z.literal('gap'), ids })
    .meta({ description: 'These subscriptions missed a frame; resume from your own cursor.' }),
  error: z
    .object({ type: z.literal('error'), code: z.string(), detail: z.string(), id: id.optional() })
    .meta({
      description:
        'A message was refused, and the connection stays open; with the code "expired" it is closed.',
    }),
}
