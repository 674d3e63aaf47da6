import * as z from 'zod'
import { channelProblem, PATTERN_EXPRESSION } from './channel.ts'
import { CURSOR_EXPRESSION, NOT_RECOVERED } from './cursor.ts'
import type { PositionedEvent } from './event.ts'
import { positionedEvent } from './event-schemas.ts'
import type { FilterField } from './interest.ts'
import { INTEREST_LIMITS } from './limits.ts'

// The schemas of the messages of a socket; the types are inferred from them. The server validates messages with these
// schemas, and docs/asyncapi.json is generated from them. A client imports only the types, so it contains no schema library.

const pattern = z
  .string()
  .superRefine((text, context) => {
    const reason = channelProblem(text, { patterns: true })
    if (reason) context.addIssue({ code: 'custom', message: `"${text.slice(0, 80)}" ${reason}` })
  })
  .meta({ pattern: PATTERN_EXPRESSION, examples: ['port.*', 'market.tick.**'] })
/** Longer than any access token with its groups. */
const TOKEN_LENGTH = 16_384
const id = z.string().min(1).max(INTEREST_LIMITS.idLength)
const values = z.array(z.string().max(INTEREST_LIMITS.valueLength)).min(1).max(INTEREST_LIMITS.filterValues)
const subscribe = z.object({
  action: z.literal('subscribe'),
  id,
  attempt: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Increases with each attempt; responses echo it. 1 by default.' }),
  channels: z.array(pattern).min(1).max(INTEREST_LIMITS.channels),
  filter: z
    .strictObject({
      severity: values.optional(),
      type: z.array(pattern).min(1).max(INTEREST_LIMITS.filterValues).optional(),
      subject: values.optional(),
    } satisfies Record<FilterField, z.ZodType>)
    .optional(),
  since: z
    .string()
    .max(INTEREST_LIMITS.sinceLength)
    .optional()
    .meta({ description: '"latest" (default), "earliest", a cursor or an RFC 3339 time.' }),
})
const unsubscribe = z.object({ action: z.literal('unsubscribe'), id })
const ping = z.object({ action: z.literal('ping') })
const refresh = z.object({ action: z.literal('refresh'), token: z.string().min(1).max(TOKEN_LENGTH) }).meta({
  description:
    'Continues the connection with a newer credential of the same user, key or service: an access token or an API key. Its role and its grants apply from then on.',
})
/** The messages of a client. */
export const clientMessage = z.discriminatedUnion('action', [subscribe, unsubscribe, ping, refresh])

/** The messages of a client by name. */
export const clientMessages = { subscribe, unsubscribe, ping, refresh }

/** A cursor, by the grammar of `parseCursor`. */
export const cursor = z.string().meta({
  description:
    'The position of a reader: for each topic its epoch, and for each partition the last offset seen. It is good for as long as the log is kept (7 days by default).',
  pattern: CURSOR_EXPRESSION,
  examples: ['container-events@k3v9x1:0=12,1=7;port-events@p0q2zz:0=3'],
})

/** Without it, offsets of a topic that was created again, or restored, would be compared with those of before. */
const epochs = cursor.meta({
  description:
    'In a replay: the epochs of the topics that these events are of, as a cursor. If the epoch of a topic is not that of your cursor, the topic was created again: forget its offsets. A topic with offsets is one in which your cursor is ahead of the log, and they are where the log ends: forget each of your offsets that is higher, or of a partition that is not named.',
  examples: ['container-events@k3v9x1:;port-events@p0q2zz:'],
})

/** Why a subscription could not continue from the position of the client. */
const notRecovered = z.enum(NOT_RECOVERED)
const subscriptionId = z.string().meta({ description: 'The id of the subscription.' })
const ids = z.array(z.string()).min(1).meta({ description: 'The subscriptions that match these events.' })
const attempt = z.int().min(1).meta({ description: 'The attempt that this is the response to.' })
const time = z.string().meta({ format: 'date-time' })

/** The messages of the server by name. */
export const serverFrames = {
  events: z
    .object({
      type: z.literal('events'),
      ids,
      attempt: attempt.optional(),
      replay: z.literal(true).optional(),
      epochs: epochs.optional(),
      events: z.array(positionedEvent).min(1),
    })
    .meta({
      description:
        'Events. With "replay": missed events, oldest first in each partition. Otherwise live events, which can arrive at any time after "subscribe".',
    }),
  subscribed: z
    .object({
      type: z.literal('subscribed'),
      id: subscriptionId,
      attempt,
      cursor,
      recovered: z.boolean(),
      reason: notRecovered.optional(),
    })
    .meta({
      description:
        'The subscription is active; sent after the last replay frame. If it is not recovered, the reason is "too_far" (too many events to replay over a socket), "trimmed" (the log no longer has some events) "epoch" (the topic was created again), or "ahead" (your cursor is beyond the end of the log, or of a topic or partition that does not exist, as after a restore: the replay is all that the log has of the partition, and "cursor" replaces yours).',
    }),
  unsubscribed: z
    .object({ type: z.literal('unsubscribed'), id: subscriptionId })
    .meta({ description: 'The subscription has ended.' }),
  pong: z.object({ type: z.literal('pong'), time, behind: z.boolean() }).meta({
    description:
      'The response to a ping. If "behind" is true, a frame was missed; resume from your own cursor.',
  }),
  refreshed: z.object({ type: z.literal('refreshed'), expires: time }).meta({
    description:
      'The connection continues with the newer credential, until "expires": refresh it again before.',
  }),
  replay: z
    .object({
      type: z.literal('replay'),
      replay: z.string().meta({ description: 'The id of the replay.' }),
      events: z.array(positionedEvent).min(1),
    })
    .meta({
      description:
        'Older events that an operator had sent to this connection (POST /replays), oldest first in each partition. They belong to no subscription and move no cursor. A frame may come again: know its events by their position.',
    }),
  gap: z
    .object({ type: z.literal('gap'), ids })
    .meta({ description: 'These subscriptions missed a frame; resume from your own cursor.' }),
  error: z
    .object({ type: z.literal('error'), code: z.string(), detail: z.string(), id: subscriptionId.optional() })
    .meta({
      description:
        'A message was refused, and the connection stays open. The code "forbidden" says that nothing of one of the channels may be read, or that a refresh brought the credential of somebody else; "unauthenticated" that a refresh brought none that is valid; "too_large" that the connection has as many subscriptions as it may; "rate_limited" that it sent too many messages within ten seconds, or all connections of its credentials together too many per second, and with far too many it is closed. With the code "expired" the connection is closed, because its credential has expired or was revoked, and with "closed", because an operator closed it: connect again. The code "unavailable" says that the message took too long or could not be handled, and may or may not have been: send it again, a "subscribe" with a higher attempt.',
    }),
}

/** A type as JSON represents it: read-only, and an optional member is absent instead of undefined. */
type Json<T> = T extends readonly (infer Item)[]
  ? readonly Json<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Json<Exclude<T[Key], undefined>> }
    : T
type Frame<Name extends keyof typeof serverFrames> = Json<z.infer<(typeof serverFrames)[Name]>>

export type ClientMessage = Json<z.infer<typeof clientMessage>>
export type SubscribeMessage = Json<z.infer<typeof subscribe>>
/** Where a subscription starts: `latest`, `earliest`, a cursor, or an RFC 3339 time. */
export type Since = string

export type EventsFrame = Omit<Frame<'events'>, 'events'> & { readonly events: readonly PositionedEvent[] }
export type ReplayFrame = Omit<Frame<'replay'>, 'events'> & { readonly events: readonly PositionedEvent[] }
export type SubscribedFrame = Frame<'subscribed'>
export type ErrorFrame = Frame<'error'>
export type ServerFrame =
  | EventsFrame
  | ReplayFrame
  | SubscribedFrame
  | ErrorFrame
  | Frame<'unsubscribed' | 'pong' | 'refreshed' | 'gap'>
