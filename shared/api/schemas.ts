import * as z from 'zod'
import { ROLES } from '#shared/core/access/role.ts'
import { DEAD_LETTER_CODES, DEAD_LETTER_CONSUMERS, DEAD_LETTER_STATUSES } from '#shared/core/dead-letter.ts'
import {
  channel,
  channelPattern,
  cloudEvent,
  cloudEventDraft,
  plainEvent,
  position,
  positionedEvent,
  recordEvent,
  severity,
} from '#shared/core/event-schemas.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { clientMessages, cursor, serverFrames } from '#shared/core/messages.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import { catalogAnswer } from './catalog-document.ts'
import { connectionSchemas } from './connection-schemas.ts'
import { replaySchemas } from './replay-schemas.ts'
import { streamSchemas } from './stream-schemas.ts'
import { telemetrySchemas } from './telemetry-schemas.ts'

/** A JSON object of a document. */
export type Json = { readonly [name: string]: unknown }

const fault = z.object({
  index: z.int().min(0).optional().meta({ description: 'The index of the event in a batch.' }),
  pointer: z
    .string()
    .meta({ description: 'JSON pointer to the invalid value; empty for the whole document.' }),
  detail: z.string(),
})

const placed = { id: z.string(), source: z.string(), ...position }
const warnings = z.array(fault).min(1).optional().meta({
  description:
    'What was accepted and will not do what its producer may expect: an event whose time is too far ahead of the log moves no view.',
})

const receipt = z.object({ ...placed, warnings }).meta({
  description: 'The position of an accepted event. The same (source, id) always gets the first position.',
})

const batchReceipt = z
  .object({
    accepted: z.int().min(0).max(ACCEPT_LIMITS.batchEvents),
    events: z.array(z.object(placed)).max(ACCEPT_LIMITS.batchEvents),
    warnings,
  })
  .meta({ description: 'The positions of the events of a batch, in input order.' })

const stateSummary = z
  .object({ status: z.string(), assignee: z.string().optional(), isDeleted: z.boolean() })
  .meta({ description: 'The status of the event in its lifecycle, if its domain has one.' })

const state = z.looseObject({}).meta({
  description:
    'The state of the event’s lifecycle, from the view of its domain: for the port its status, assignee, readers and the history of its moves. Missing if there is no lifecycle, or the state is not known yet.',
})

const eventAnswer = z
  .object({ ...positionedEvent.shape, state: state.optional() })
  .meta({ description: 'An event, its position in Kafka, and its state.' })

const moveReceipt = z
  .object({ ...placed, state: state.optional() })
  .meta({ description: 'The position of the move, which is a separate event, and the state after it.' })

const pair = z.object({ id: z.string(), source: z.string() })
const erased = z
  .object({
    ...placed,
    also: z.array(pair).meta({ description: 'The events that were erased with it.' }),
    views: z.enum(['done', 'pending']).meta({
      description: 'Whether the views have forgotten it; "pending" ends by itself.',
    }),
    kafka: z
      .array(z.object({ ...position, until: z.iso.datetime() }))
      .meta({ description: 'The records that Kafka has until their retention ends.' }),
    advice: z.string(),
  })
  .meta({ description: 'The position of the erasure, which is a separate event, and what stays in Kafka.' })

const historyPage = z
  .object({
    events: z.array(z.object({ ...positionedEvent.shape, state: stateSummary.optional() })),
    next: z.nullable(cursor).meta({ description: 'Send it as "next" for the next page; null at the end.' }),
  })
  .meta({ description: 'Events, newest first. A page may be short, or even empty, before the end.' })

const catchUpPage = z
  .object({
    events: z.array(positionedEvent),
    cursor,
    recovered: z
      .boolean()
      .meta({ description: 'false: the log cannot continue from the cursor, for the "reason".' }),
    reason: z.enum(['trimmed', 'epoch', 'ahead']).optional().meta({
      description:
        'Why it is not recovered. "trimmed": events are missing, because the log no longer has them. "epoch": a topic was created again. "ahead": the cursor is beyond the end of the log, or of a topic or partition that does not exist, as after a restore; the pages from here have all that the log has of the partition, and "cursor" replaces yours.',
    }),
  })
  .meta({
    description:
      'Events after a cursor, oldest first within each partition. The reader is up to date if the cursor is the same as in the request.',
  })

const viewPart = z
  .object({
    key: z.string(),
    ...position,
    epoch: z.string(),
    state: z.unknown().meta({ description: 'The stored state, before "merge" and "present".' }),
  })
  .meta({
    description: 'The state of one key from the events of one partition, up to and including an offset.',
  })

const viewState = z
  .object({
    state: z.unknown().meta({
      description:
        'The state of the key, or of a view without keys. If a view with keys is read without a key, an object with the states of a page of keys.',
    }),
    cursor,
    next: z.string().optional().meta({ description: 'Send it as "next" for more keys; missing at the end.' }),
  })
  .meta({ description: 'A view, merged and presented. Subscribe from the cursor to keep it up to date.' })

const viewParts = z
  .object({
    parts: z.array(viewPart),
    cursor,
    next: z.nullable(z.string()).meta({ description: 'Send it as "next" for more keys; null at the end.' }),
  })
  .meta({
    description:
      'The parts of a view, for clients that continue the fold; a page contains all parts of its keys. Apply an event above the cursor to a part unless the part includes it.',
  })

const counted = z.object({ name: z.string(), count: z.int().min(0), percent: z.number() })

const stats = z
  .object({
    total: z.int().min(0),
    today: z
      .int()
      .min(0)
      .meta({ description: 'Events of the current day in UTC, by the times of the events.' }),
    eventsPerSecond: z.number().min(0).meta({ description: 'The average of the last ten whole seconds.' }),
    connections: z.int().min(0).meta({ description: 'The number of open sockets, a few seconds old.' }),
    categories: z
      .array(counted)
      .meta({ description: 'Sorted by count, highest first; small categories are combined as "other".' }),
    severities: z.array(counted),
    days: z.array(z.object({ day: z.string().meta({ format: 'date' }), count: z.int().min(0) })),
    seconds: z.array(z.int().min(0)).meta({ description: 'The last 60 whole seconds, oldest first.' }),
    time: z.string().meta({ format: 'date-time' }),
  })
  .meta({ description: 'Counts of all accepted events.' })

const deadLetter = z
  .object({
    ...position,
    timestamp: z.int().meta({ description: 'The record’s time in Kafka, milliseconds since 1970.' }),
    reason: z.string(),
    code: z
      .enum(DEAD_LETTER_CODES)
      .meta({ description: 'What is wrong, as docs/dead-letters.md explains it.' }),
    consumer: z.enum(DEAD_LETTER_CONSUMERS),
    attempts: z.int().min(1).meta({ description: 'How often the consumer tried the record.' }),
    found: z.int().meta({ description: 'When the consumer gave it up, milliseconds since 1970.' }),
    key: z.nullable(z.string()).meta({ description: 'Base64.' }),
    value: z.nullable(z.string()).meta({ description: 'Base64, at most 256 KB of the record.' }),
    truncated: z.boolean(),
    headers: z
      .array(z.object({ name: z.string(), value: z.string().meta({ description: 'Base64.' }) }))
      .meta({ description: 'At most 50 headers, 1 KB of each and 16 KB of all.' }),
    type: z.string().optional(),
    source: z.string().optional(),
    id: z.string().optional(),
    trace: z.string().optional().meta({ description: 'The traceparent of the event.' }),
    unfolded: z
      .array(z.object({ view: z.string(), key: z.string().optional() }))
      .optional()
      .meta({ description: 'Of an event that is in the log: the parts of views that it is missing in.' }),
    status: z.enum(DEAD_LETTER_STATUSES),
    settled: z
      .object({
        at: z.int().meta({ description: 'Milliseconds since 1970.' }),
        by: z.string(),
        reason: z.string().optional(),
        replay: z.string().optional(),
      })
      .optional(),
  })
  .meta({ description: 'A record that could not be processed.' })

const deadLetterWithEvent = deadLetter
  .extend({
    event: z.nullable(z.record(z.string(), z.unknown())).meta({
      description: 'The CloudEvent in the record, without any check; null if it is none, or is cut.',
    }),
  })
  .meta({ description: 'A dead letter and the event in it.' })

const deadLetterList = z
  .object({
    deadLetters: z.array(deadLetter),
    next: z.nullable(z.string()).meta({
      description:
        'Continues behind this page; null at the end. A page may be short, or even empty, before that.',
    }),
  })
  .meta({ description: 'Dead letters, newest first.' })

const ticket = z
  .object({
    ticket: z.string().meta({ description: 'Opens one socket; valid once.' }),
    expires: z.string().meta({ format: 'date-time' }),
    credentialExpires: z.string().optional().meta({
      format: 'date-time',
      description:
        'When the socket is closed unless it is refreshed. Absent if the credentials do not expire.',
    }),
  })
  .meta({ description: 'A ticket for a socket.' })

const apiKey = z
  .object({
    id: z.string(),
    name: z.string().meta({ description: 'What events and the audit trail call it: `key:<id>`.' }),
    role: z.string(),
    scopes: z.array(z.string()),
    created: z.string().meta({ format: 'date-time' }),
    createdBy: z.string(),
    expires: z.string().optional().meta({ format: 'date-time' }),
    lastUsed: z
      .string()
      .optional()
      .meta({ format: 'date-time', description: 'The last use, or one in the minute before it.' }),
    oldSecretUntil: z
      .string()
      .optional()
      .meta({ format: 'date-time', description: 'When the secret from before the last rotation ends.' }),
    revoked: z.string().optional().meta({ format: 'date-time' }),
  })
  .meta({ description: 'An API key, without its secret.' })

const apiKeyList = z.object({ keys: z.array(apiKey) }).meta({ description: 'Every key, sorted by id.' })

const apiKeyWithSecret = z
  .object({ ...apiKey.shape, secret: z.string() })
  .meta({ description: 'An API key with its secret, which is shown only here.' })

const apiKeyDraft = z
  .object({
    id: z.string().meta({ pattern: '^[a-z0-9][\\w.-]{0,63}$' }),
    role: z.enum(ROLES),
    scopes: z.array(z.string()).max(50).optional().meta({
      description: 'What the role is narrowed to, and sources that belong to the key: docs/credentials.md.',
    }),
    expires: z.string().optional().meta({ format: 'date-time' }),
  })
  .meta({ description: 'A key to create.' })

const rotation = z
  .object({ graceSeconds: z.int().min(0).max(2_592_000).optional() })
  .meta({ description: 'How long the old secret holds; a day if it is left out.' })

const people = z
  .object({ users: z.array(z.object({ name: z.string(), role: z.enum(ROLES) })) })
  .meta({ description: 'People, sorted by name, with the highest of their roles.' })

const self = z
  .object({
    name: z.string(),
    kind: z.enum(['user', 'service', 'key']),
    role: z.enum(ROLES),
    grants: z.array(z.string()).optional().meta({ description: 'What the role is narrowed to.' }),
    sources: z.array(z.string()).optional(),
    expires: z.string().optional().meta({ format: 'date-time' }),
    actions: z.array(z.string()).meta({ description: 'The actions of the policy that it may do.' }),
  })
  .meta({ description: 'Whose credentials these are, and what they may do.' })

const revocation = z
  .object({ name: z.string(), since: z.string().meta({ format: 'date-time' }) })
  .meta({ description: 'Credentials of this name that were issued until this time are refused.' })

const health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  topics: z.array(z.string()),
  copied: z
    .object({
      signingKeys: z.string().meta({ format: 'date-time' }).nullable(),
      people: z.string().meta({ format: 'date-time' }).nullable(),
    })
    .meta({
      description:
        'When the keys of tokens and the people of the user pool were copied last, for functions that cannot ask for them.',
    }),
  socketUrl: z.string().meta({ format: 'uri', description: 'The WebSocket address of this stack.' }),
  kafka: z.string().optional().meta({ description: 'Local stack only: the addresses of Kafka.' }),
  tables: z.string().optional().meta({ description: 'Local stack only: the address of DynamoDB.' }),
  page: z.string().optional().meta({ description: 'Local stack only: the address of the dashboard.' }),
  demo: z.boolean().optional().meta({ description: 'Local stack only: whether simulators write events.' }),
})

/** The response to a provider that only tests the endpoint, such as `{"challenge": …}`. */
const challengeAnswer = z
  .looseObject({})
  .meta({ description: 'The response that the provider expects to its test delivery.' })

const problem = z
  .object({
    type: z.string().meta({ format: 'uri', examples: ['urn:tidewire:problem:invalid-event'] }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What to do about it.' }),
    errors: z.array(fault).min(1).optional(),
  })
  .meta({ description: 'Why a request was refused (RFC 9457).' })

const eventSchemas = { channel, channelPattern, severity, cursor, cloudEvent, positionedEvent }
const httpSchemas = {
  ...eventSchemas,
  cloudEventDraft,
  plainEvent,
  receipt,
  batchReceipt,
  moveReceipt,
  erased,
  eventAnswer,
  historyPage,
  catchUpPage,
  deadLetterList,
  ...streamSchemas,
  ...replaySchemas,
  deadLetterWithEvent,
  viewState,
  viewParts,
  stats,
  catalog: catalogAnswer,
  ticket,
  apiKey,
  apiKeyList,
  apiKeyWithSecret,
  apiKeyDraft,
  rotation,
  people,
  self,
  revocation,
  ...connectionSchemas,
  ...telemetrySchemas,
  health,
  challengeAnswer,
  problem,
}

/** The schemas of the HTTP API by name, in JSON Schema 2020-12 with references to each other. */
export function httpComponents(domains: readonly Domain[]): Json {
  return components({ ...httpSchemas, ...dataSchemas(domains) }, 'draft-2020-12')
}

/** The schemas of the sockets and topics by name. AsyncAPI's own dialect is a superset of draft 07. */
export function asyncComponents(domains: readonly Domain[]): Json {
  return components(
    { ...eventSchemas, recordEvent, ...clientMessages, ...serverFrames, ...dataSchemas(domains) },
    'draft-07',
  )
}

/** The name of the component that describes the data of an event type. */
export function dataSchemaName(type: string): string {
  return `data.${type}`
}

export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function dataSchemas(domains: readonly Domain[]): Record<string, z.ZodType> {
  const events = domains.flatMap(({ events: types }) => Object.entries(types))
  return Object.fromEntries(events.map(([type, { schema }]) => [dataSchemaName(type), schema]))
}

function components(schemas: Record<string, z.ZodType>, target: 'draft-2020-12' | 'draft-07'): Json {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const uri = (id: string) => `#/components/schemas/${id}`
  const { schemas: found } = z.toJSONSchema(registry, { target, io: 'input', uri })
  return Object.fromEntries(
    Object.entries(found).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  )
}
