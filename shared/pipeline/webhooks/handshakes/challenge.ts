import * as z from 'zod'
import { place } from '#shared/pipeline/webhooks/place.ts'
import { addressPattern } from '#shared/pipeline/webhooks/scheme.ts'
import { MEDIA_TYPES } from '#shared/pipeline/webhooks/sender-answer.ts'

// How a provider tests an endpoint before it delivers, or while it does, and what it expects as the response. Everything
// here can be written as JSON, as the rest of a provider.

/** A text or number, one of several texts, or whether there is something at all. */
const condition = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).min(1)])
export type Condition = z.infer<typeof condition>

/** What a response copies: the value of a place, or the HMAC of its text with the first secret of the source. */
const copied = z.union([
  place,
  z.strictObject({
    mac: place,
    algorithm: z.enum(['hmac-sha1', 'hmac-sha256', 'hmac-sha512']),
    encoding: z.enum(['hex', 'base64']),
    prefix: z.string().min(1).optional(),
  }),
])
export type Copied = z.infer<typeof copied>

/** A response sets no header that means something to a browser. */
const ownHeader = z.string().regex(/^x-[0-9a-z-]+$/, 'must be a header that begins with "x-", in lower case')

/**
 * A request that gets a response and is not an event: all of `when` hold, and `unless` is missing. It is signed as a
 * delivery unless it is marked as `unsigned`.
 */
export const challengeSchema = z
  .strictObject({
    /** By default POST. */
    method: z.enum(['POST', 'GET', 'HEAD']).optional(),
    /** The provider does not sign it. What it sends is then only echoed, and never believed. */
    unsigned: z.boolean().optional(),
    when: z.record(place, condition),
    unless: place.optional(),
    /** The text here must be one of `WEBHOOK_VERIFY_<NAME>`: a verify token, or a topic that was subscribed to. */
    expected: place.optional(),
    /** The text here must be none of them. */
    unexpected: place.optional(),
    /** A text that the operator must enter at the provider. It is written to the log, and never believed. */
    logged: place.optional(),
    /** The status otherwise, by default 401. */
    refused: z.literal([403, 404]).optional(),
    /**
     * The secret that the provider made for itself is here, and is kept: its deliveries are signed with it. Only what names
     * something `expected` is believed.
     */
    keeps: place.optional(),
    /**
     * The provider takes the subscription as confirmed when the address here is visited. Without its query it must match one
     * of `addresses`. It is visited once, within a minute, by a function that has a way out.
     */
    visits: z.strictObject({ at: place, addresses: z.array(addressPattern).min(1) }).optional(),
    /** The status of the response, by default 200 with a body and 204 without. */
    status: z.number().int().min(200).max(299).optional(),
    /** The members of a JSON body. */
    reply: z.record(z.string(), z.unknown()).optional(),
    /** Members of a JSON body that are copied from the request. */
    echo: z.record(z.string(), copied).optional(),
    /** The media type of a response without a body, for a provider that wants to have one named. */
    contentType: z.enum(MEDIA_TYPES).optional(),
    /** A body that is text. */
    text: copied.optional(),
    headers: z.record(ownHeader, copied).optional(),
  })
  .refine(({ text, reply, echo }) => text === undefined || (reply ?? echo) === undefined, {
    message: 'has either "text" or a JSON body',
  })
  .refine(({ contentType, text, reply, echo }) => contentType === undefined || !(text ?? reply ?? echo), {
    message: 'has "contentType" only without a body',
  })
  .refine(({ visits, unsigned }) => visits === undefined || !unsigned, {
    message: 'visits nothing that is unsigned',
  })
  .refine(({ keeps, expected }) => keeps === undefined || expected !== undefined, {
    message: 'keeps nothing without "expected", because anybody could send it',
  })
export type Challenge = z.infer<typeof challengeSchema>
