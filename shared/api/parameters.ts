import { SEVERITIES } from '#shared/core/severity.ts'
import { CSV_LIMITS, PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'
import { VIEW_LIMITS } from '#shared/pipeline/views/read-view.ts'
import { type Json, schemaRef } from './component-schemas.ts'

const ONE_OF_LIST = { type: 'string', pattern: '^[^,]+$' }
const TIME = { type: 'string', format: 'date-time' }

function inQuery(name: string, description: string, schema: Json, more: Json = {}): Json {
  return { name, in: 'query', description, schema, ...more }
}

/** A list of a query string: separated by commas. */
function listInQuery(name: string, description: string, items: Json, example: readonly string[]): Json {
  const schema = { type: 'array', minItems: 1, items }
  return inQuery(name, `${description} An empty list counts as left out.`, schema, {
    style: 'form',
    explode: false,
    example,
  })
}

/** A header of binary mode. `description` says what it is for, the schema what its text must be. */
function inHeader(
  name: string,
  description: string,
  example: string,
  schema: Json = { type: 'string', minLength: 1 },
): Json {
  return { name, in: 'header', description, schema, example }
}

const filters: readonly Json[] = [
  listInQuery('channel', 'Channel patterns; every channel if left out.', schemaRef('channelPattern'), [
    'port.*',
  ]),
  listInQuery('severity', 'Only these.', schemaRef('severity'), SEVERITIES.slice(0, 2)),
  listInQuery('type', 'Patterns of event types.', schemaRef('channelPattern'), ['port.container.*']),
  listInQuery('subject', 'Only these.', ONE_OF_LIST, ['MSKU-9021044']),
]
const limit = inQuery('limit', 'The most events of a page.', {
  type: 'integer',
  minimum: 1,
  maximum: PAGE_LIMITS.most,
  default: PAGE_LIMITS.usual,
})

/** What only lists take: `most` and `usual` events of a page. */
function listParametersOf(most: number, usual: number): readonly Json[] {
  return [
    ...filters,
    listInQuery(
      'status',
      'Only events of a lifecycle that stand there; for the port "new", "acknowledged", "in-progress", "resolved" or "closed".',
      ONE_OF_LIST,
      ['new', 'acknowledged'],
    ),
    listInQuery('assignee', 'Only events that are assigned to one of these users.', ONE_OF_LIST, ['anna']),
    inQuery(
      'q',
      'Only events with this text in their title, description, type, subject or id, whatever its case.',
      { type: 'string', maxLength: 200 },
      { example: 'broken seal' },
    ),
    inQuery('from', 'Not before this event time (RFC 3339).', TIME, { example: '2026-11-21T00:00:00Z' }),
    inQuery('to', 'Not after this event time (RFC 3339).', TIME, { example: '2026-11-22T00:00:00Z' }),
    inQuery('limit', 'The most events of a page.', {
      type: 'integer',
      minimum: 1,
      maximum: most,
      default: usual,
    }),
    inQuery('next', 'The "next" of the page above.', schemaRef('cursor')),
  ]
}

export const listParameters = listParametersOf(PAGE_LIMITS.most, PAGE_LIMITS.usual)
export const csvParameters = listParametersOf(CSV_LIMITS.most, CSV_LIMITS.usual)
export const catchUpParameters: readonly Json[] = [
  ...filters,
  limit,
  inQuery(
    'cursor',
    'Where the reader stands: the cursor of its last page or subscription. Without one the answer is where the log stands now. "earliest", "latest" and an RFC 3339 time work too.',
    { anyOf: [schemaRef('cursor'), { enum: ['earliest', 'latest'] }, TIME] },
  ),
]

const eventId: Json = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', minLength: 1 },
  description: 'The id of an event, percent-encoded.',
  example: 'arrival-7781',
}
const source = inQuery(
  'source',
  'Which event is meant where several sources used the id. Without it: one with a lifecycle, of these the newest.',
  { type: 'string' },
  { example: '/cranes/4' },
)
const idempotencyKey = inHeader(
  'Idempotency-Key',
  'A quoted string (RFC 8941). The same key and request again get the first answer for 7 days, without ids of events; with another request the key is refused.',
  '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  { type: 'string', pattern: '^"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,256}"$' },
)

export const getParameters: readonly Json[] = [
  eventId,
  source,
  inHeader('If-None-Match', 'The ETag that one has: answered 304 while it still holds.', '"k3v9x1-12"'),
]

export const deleteParameters: readonly Json[] = [
  eventId,
  source,
  inHeader(
    'If-Match',
    'The ETag that the move is based on: 412 where the state has changed since. Without it the state alone decides.',
    '"k3v9x1-12"',
  ),
  idempotencyKey,
]

export const moveParameters: readonly Json[] = [
  {
    name: 'move',
    in: 'path',
    required: true,
    example: 'acknowledge',
    description:
      'For the port: acknowledge (new → acknowledged), start (→ in-progress), resolve (→ resolved), close (→ closed), assign, read, delete.',
    schema: { type: 'string', minLength: 1 },
  },
  ...deleteParameters,
]

function inPath(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string', minLength: 1 }, example }
}
export const viewParameters: readonly Json[] = [
  inPath('domain', 'A domain of the catalog.', 'port'),
  inPath('view', 'One of its views.', 'statistics'),
  inQuery(
    'parts',
    'With "true" the parts that the fold keeps, neither merged nor presented; without a part for an unknown key.',
    { type: 'boolean', default: false },
  ),
  inQuery(
    'limit',
    `The most keys of a page; ${VIEW_LIMITS.usual} unless it is given, or ${VIEW_LIMITS.most} with parts.`,
    {
      type: 'integer',
      minimum: 1,
      maximum: VIEW_LIMITS.most,
    },
  ),
  inQuery('next', 'The "next" of the page before.', { type: 'string', pattern: '^k[A-Za-z0-9_-]*$' }),
]
export const viewKeyParameters: readonly Json[] = [
  ...viewParameters.slice(0, 3),
  inPath('key', 'A key of the view, percent-encoded.', 'MSKU-9021044'),
]

export const deadLetterParameters: readonly Json[] = [limit]

export const postParameters: readonly Json[] = [
  idempotencyKey,
  inHeader(
    'traceparent',
    'W3C trace context, for events that name none; an invalid one is replaced by a new one.',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    { type: 'string' },
  ),
  inHeader('ce-specversion', 'Binary mode: "1.0", also if left out.', '1.0', { const: '1.0' }),
  inHeader(
    'ce-type',
    'Binary mode: the event’s type. With any of ce-type, ce-id, ce-source or ce-specversion the body is the event’s data.',
    'port.container.arrived',
  ),
  inHeader('ce-id', 'Binary mode: the id.', 'arrival-7781'),
  inHeader('ce-source', 'Binary mode: the source.', '/cranes/4', { type: 'string', format: 'uri-reference' }),
  inHeader(
    'ce-subject',
    'Binary mode: the subject. What is not ASCII is percent-encoded in every ce- header.',
    'MSKU-9021044',
  ),
  inHeader('ce-time', 'Binary mode: the time.', '2026-11-21T08:00:00Z', TIME),
  inHeader('ce-category', 'Binary mode: the channel.', 'port.container', schemaRef('channel')),
  inHeader('ce-severity', 'Binary mode: the severity.', 'info', schemaRef('severity')),
  inHeader(
    'ce-partitionkey',
    'Binary mode: the key. Any other "ce-<name>" is an extension attribute.',
    'MSKU-9021044',
  ),
]
