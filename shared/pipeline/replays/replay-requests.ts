import * as z from 'zod'
import { channelProblem } from '#shared/core/channel.ts'
import { CursorError, parseCursor } from '#shared/core/cursor.ts'
import {
  DEAD_LETTER_CODES,
  DEAD_LETTER_CONSUMERS,
  DEAD_LETTER_POSITIONS_LIMIT,
  DEAD_LETTER_STATUSES,
} from '#shared/core/dead-letter.ts'
import { cloudEventDraft, position } from '#shared/core/event-schemas.ts'
import { approximate, parseExactJson } from '#shared/core/json/exact-json.ts'
import { INTEREST_LIMITS, QUERY_LIMITS } from '#shared/core/limits.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'

// The bodies of the requests that create replays. The types are inferred, and docs/openapi.json is generated from them.

export const REPLAY_LIMITS = {
  /** Of a mended event, and of the positions of a selection. */
  bodyBytes: 256 * 1024,
  rate: { usual: 100, most: 2000 },
  textLength: 200,
  urlLength: 2048,
} as const

const time = z
  .string()
  .refine((text) => parseTimestamp(text) !== null, 'is not an RFC 3339 time such as 2026-11-21T08:00:00Z')
const values = z
  .array(z.string().min(1).max(INTEREST_LIMITS.valueLength))
  .min(1)
  .max(QUERY_LIMITS.values)
  .optional()
const pattern = z.string().superRefine((text, context) => {
  const reason = channelProblem(text, { patterns: true })
  if (reason) context.addIssue({ code: 'custom', message: `"${text.slice(0, 80)}" ${reason}` })
})
const place = z.string().refine(isPlace, 'is neither a cursor nor an RFC 3339 time')
const rate = z
  .int()
  .min(1)
  .max(REPLAY_LIMITS.rate.most)
  .default(REPLAY_LIMITS.rate.usual)
  .meta({ description: 'The maximum number of items in a second.' })
const dryRun = z.boolean().default(false).meta({ description: 'Only count what would be done.' })

const letterFilter = z
  .strictObject({
    topic: values,
    code: z.array(z.enum(DEAD_LETTER_CODES)).min(1).optional(),
    consumer: z.array(z.enum(DEAD_LETTER_CONSUMERS)).min(1).optional(),
    status: z.array(z.enum(DEAD_LETTER_STATUSES)).min(1).optional(),
    source: values,
    type: values,
    from: time.optional(),
    to: time.optional(),
    q: z.string().min(1).max(REPLAY_LIMITS.textLength).optional(),
    positions: z.array(z.strictObject(position)).min(1).max(DEAD_LETTER_POSITIONS_LIMIT).optional(),
  })
  .meta({
    description:
      'Which dead letters: those that fit every member, by default the open ones. {} is all open ones.',
  })

export const replayLettersBody = z
  .strictObject({
    filter: letterFilter,
    dryRun,
    rate,
    event: cloudEventDraft
      .optional()
      .meta({ description: 'The mended event of the one position of the filter.' }),
  })
  .refine(({ filter, event }) => event === undefined || filter.positions?.length === 1, {
    path: ['event'],
    message: 'needs exactly one position in "filter": it takes the place of that record',
  })

export const discardLettersBody = z.strictObject({
  filter: letterFilter,
  reason: z
    .string()
    .trim()
    .min(1)
    .max(INTEREST_LIMITS.valueLength)
    .meta({ description: 'Why: for the audit trail.' }),
  dryRun,
})

const target = z.union([
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(REPLAY_LIMITS.urlLength),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'is not "whsec_" with at least 24 bytes in base64')
      .optional()
      .meta({
        description:
          'What posts are signed with, as Standard Webhooks does. Without it one is made, and returned once.',
      }),
  }),
  z.strictObject({ connection: z.string().min(1).max(INTEREST_LIMITS.valueLength) }),
])

const eventsReplayBody = z.strictObject({
  kind: z.literal('events'),
  channels: z.array(pattern).min(1).max(INTEREST_LIMITS.channels),
  from: place.meta({ description: 'A cursor or an RFC 3339 time.' }),
  to: place.optional().meta({ description: 'A cursor or an RFC 3339 time; by default now.' }),
  target,
  rate,
  dryRun,
})

const viewsReplayBody = z.strictObject({
  kind: z.literal('views'),
  domains: values.meta({ description: 'Only the topics that the views of these domains fold.' }),
  topics: values.meta({ description: 'Only these topics.' }),
  acceptLoss: z
    .boolean()
    .default(false)
    .meta({ description: 'Rebuild although Kafka no longer has the first records.' }),
  dryRun,
})

export const newReplayBody = z.discriminatedUnion('kind', [eventsReplayBody, viewsReplayBody])

export type LetterFilter = z.infer<typeof letterFilter>
export type EventsReplayRequest = z.infer<typeof eventsReplayBody>
export type ViewsReplayRequest = z.infer<typeof viewsReplayBody>

/** Reads a JSON body. Throws Refusal `too_large`, `malformed`, or `invalid_event` that names everything that is wrong. */
export function readReplayBody<Schema extends z.ZodType>(body: Uint8Array, schema: Schema): z.infer<Schema> {
  if (body.length > REPLAY_LIMITS.bodyBytes)
    throw new Refusal(
      'too_large',
      `The body is larger than ${REPLAY_LIMITS.bodyBytes} bytes; send a smaller one.`,
    )
  const result = schema.safeParse(withExactData(parseJson(body)))
  if (result.success) return result.data
  throw faultsRefusal('invalid_event', result.error.issues.flatMap(faultsOf))
}

/** Only the data of an event keeps numbers that a double cannot hold: all others are settings. */
function withExactData(body: unknown): unknown {
  const plain = approximate(body) as { readonly event?: object }
  const { event } = (body ?? {}) as { readonly event?: { readonly data?: unknown } | null }
  if (plain === body || event?.data === undefined) return plain
  return { ...plain, event: { ...plain.event, data: event.data } }
}

/** A mended event in another encoding must not lose its letters. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(body: Uint8Array): unknown {
  try {
    return parseExactJson(UTF8.decode(body))
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'JSON; correct its syntax.' : 'UTF-8; encode it so.'
    throw new Refusal('malformed', `The body is not ${reason}`, { cause })
  }
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => ({
      pointer: pointerOf([...issue.path, name]),
      detail: 'is unknown: leave it out.',
    }))
  if (issue.code === 'invalid_union')
    return [{ pointer: pointerOf(issue.path), detail: 'is of no form that is known: see GET /openapi.json.' }]
  const text = issue.message.endsWith('.') ? issue.message : `${issue.message}.`
  return [
    { pointer: pointerOf(issue.path), detail: issue.code === 'custom' ? text : `is not right: ${text}` },
  ]
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function isPlace(text: string): boolean {
  if (text.length > INTEREST_LIMITS.sinceLength) return false
  if (parseTimestamp(text) !== null) return true
  try {
    return parseCursor(text).size > 0
  } catch (error) {
    if (error instanceof CursorError) return false
    throw error
  }
}
