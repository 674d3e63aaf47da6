import * as z from 'zod'
import { position, positionedEvent } from '#shared/core/event-schemas.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { cursor } from '#shared/core/messages.ts'

export const receipt = z.object({ id: z.string(), source: z.string(), ...position }).meta({
  description: 'Where an accepted event stands. The same (source, id) always gets the first position.',
})

export const batchReceipt = z
  .object({
    accepted: z.int().min(0).max(ACCEPT_LIMITS.batchEvents),
    events: z.array(receipt).max(ACCEPT_LIMITS.batchEvents),
  })
  .meta({ description: 'Where the events of a batch stand, in input order.' })

const stateSummary = z
  .object({ status: z.string(), assignee: z.string().optional(), isDeleted: z.boolean() })
  .meta({ description: 'Where the event stands in its lifecycle, if its domain has one.' })

const state = z.looseObject({}).meta({
  description:
    'The state of the event’s lifecycle, as the view of its domain has it: for the port its status, assignee, readers and the history of its moves. Missing where there is no lifecycle, or the state is not known yet.',
})

export const eventAnswer = z
  .object({ ...positionedEvent.shape, state: state.optional() })
  .meta({ description: 'An event, where it stands in Kafka, and its state.' })

export const moveReceipt = z
  .object({ ...receipt.shape, state: state.optional() })
  .meta({ description: 'Where the move was written, as an event of its own, and the state after it.' })

export const historyPage = z
  .object({
    events: z.array(z.object({ ...positionedEvent.shape, state: stateSummary.optional() })),
    next: z.nullable(cursor).meta({ description: 'Give it as "next" for the page below; null at the end.' }),
  })
  .meta({ description: 'Events, newest first. A page may be short, or even empty, before the end.' })

export const catchUpPage = z
  .object({
    events: z.array(positionedEvent),
    cursor,
    recovered: z
      .boolean()
      .meta({ description: 'false: events are missing, since the log no longer has them.' }),
  })
  .meta({
    description:
      'Events after a cursor, oldest first within each partition. Up to date when the cursor is the one that was sent.',
  })

const viewPart = z
  .object({
    key: z.string(),
    ...position,
    epoch: z.string(),
    state: z.unknown().meta({ description: 'As the fold keeps it: "present" and "merge" come later.' }),
  })
  .meta({ description: 'What the events of one partition made of one key, up to and including an offset.' })

export const viewState = z
  .object({
    state: z.unknown().meta({
      description:
        'The state of the key, or of a view without keys; for a view with keys, read without one, an object of the states of a page of keys.',
    }),
    cursor,
    next: z.string().optional().meta({ description: 'Give it as "next" for more keys; missing at the end.' }),
  })
  .meta({ description: 'A view, merged and presented. Subscribe from the cursor to go on from there.' })

export const viewParts = z
  .object({
    parts: z.array(viewPart),
    cursor,
    next: z.nullable(z.string()).meta({ description: 'Give it as "next" for more keys; null at the end.' }),
  })
  .meta({
    description:
      'The parts of a view, whole keys, for those who fold on themselves: apply an event above the cursor to a part unless the part includes it.',
  })

const counted = z.object({ name: z.string(), count: z.int().min(0), percent: z.number() })

export const stats = z
  .object({
    total: z.int().min(0),
    today: z.int().min(0).meta({ description: 'Of this day in UTC, by the events’ own times.' }),
    eventsPerSecond: z.number().min(0).meta({ description: 'Over the last ten whole seconds.' }),
    connections: z.int().min(0).meta({ description: 'Open sockets, a few seconds late.' }),
    categories: z.array(counted).meta({ description: 'Most events first; small ones count as "other".' }),
    severities: z.array(counted),
    days: z.array(z.object({ day: z.string().meta({ format: 'date' }), count: z.int().min(0) })),
    seconds: z.array(z.int().min(0)).meta({ description: 'The last 60 whole seconds, oldest first.' }),
    time: z.string().meta({ format: 'date-time' }),
  })
  .meta({ description: 'What is counted of all accepted events.' })

const deadLetter = z
  .object({
    ...position,
    timestamp: z.int().meta({ description: 'The record’s time in Kafka, milliseconds since 1970.' }),
    reason: z.string(),
    attempts: z.int().min(1),
    key: z.nullable(z.string()).meta({ description: 'Base64.' }),
    value: z.nullable(z.string()).meta({ description: 'Base64, at most 256 KB of the record.' }),
    truncated: z.boolean(),
  })
  .meta({ description: 'A record that could not be processed.' })

export const deadLetterList = z
  .object({ deadLetters: z.array(deadLetter) })
  .meta({ description: 'Dead letters, newest first.' })

export const ticket = z
  .object({
    ticket: z.string().meta({ description: 'Opens one socket, once.' }),
    expires: z.string().meta({ format: 'date-time' }),
  })
  .meta({ description: 'A ticket for a socket.' })

export const health = z.object({ status: z.literal('ok'), topics: z.array(z.string()) })

/** What a source answers to a provider that only tries the endpoint out, such as `{"challenge": …}`. */
export const challengeAnswer = z
  .looseObject({})
  .meta({ description: 'What the provider expects as the answer to its test delivery.' })

const fault = z.object({
  index: z.int().min(0).optional().meta({ description: 'Which event of a batch.' }),
  pointer: z.string().meta({ description: 'JSON pointer to what is wrong; empty for all of it.' }),
  detail: z.string(),
})

export const problem = z
  .object({
    type: z.string().meta({ format: 'uri', examples: ['urn:tidewire:problem:invalid-event'] }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What to do about it.' }),
    errors: z.array(fault).min(1).optional(),
  })
  .meta({ description: 'Why a request was refused (RFC 9457).' })
