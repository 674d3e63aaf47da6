import { AUDITED_ACTIONS } from '#shared/core/audit.ts'
import { LONG_POLL_LIMIT } from '#shared/core/limits.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import { CSV_LIMITS, PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'
import { BROWSE_LIMITS } from '#shared/pipeline/streams/browse-partition.ts'
import { VIEW_LIMITS } from '#shared/pipeline/views/read-view.ts'
import { type Json, schemaRef } from './schemas.ts'

export const ONE_OF_LIST = { type: 'string', pattern: '^[^,]+$' }
export const TIME = { type: 'string', format: 'date-time' }

export function inQuery(name: string, description: string, schema: Json, more: Json = {}): Json {
  return { name, in: 'query', description, schema, ...more }
}

/** A list of a query string: separated by commas. */
export function listInQuery(
  name: string,
  description: string,
  items: Json,
  example: readonly string[],
): Json {
  const schema = { type: 'array', minItems: 1, items }
  return inQuery(name, `${description} An empty list has no effect.`, schema, {
    style: 'form',
    explode: false,
    example,
  })
}

/** A header of a request, with the schema of its text. */
function inHeader(
  name: string,
  description: string,
  example: string,
  schema: Json = { type: 'string', minLength: 1 },
): Json {
  return { name, in: 'header', description, schema, example }
}

const filters: readonly Json[] = [
  listInQuery('channel', 'Channel patterns. Every channel by default.', schemaRef('channelPattern'), [
    'port.*',
  ]),
  listInQuery('severity', 'Only these.', schemaRef('severity'), SEVERITIES.slice(0, 2)),
  listInQuery('type', 'Patterns of event types.', schemaRef('channelPattern'), ['port.container.*']),
  listInQuery('subject', 'Only these.', ONE_OF_LIST, ['MSKU-9021044']),
]
export const limit = inQuery('limit', 'The maximum number of events in a page.', {
  type: 'integer',
  minimum: 1,
  maximum: PAGE_LIMITS.most,
  default: PAGE_LIMITS.usual,
})

/** The parameters of lists: at most `most` events in a page, by default `usual`. */
function listParametersOf(most: number, usual: number): readonly Json[] {
  return [
    ...filters,
    listInQuery(
      'status',
      'Only events with this status in their lifecycle; for the port "new", "acknowledged", "in-progress", "resolved" or "closed".',
      ONE_OF_LIST,
      ['new', 'acknowledged'],
    ),
    listInQuery('assignee', 'Only events that are assigned to one of these users.', ONE_OF_LIST, ['anna']),
    inQuery(
      'q',
      'Only events with this text in their title, description, type, subject or id, ignoring case.',
      { type: 'string', maxLength: 200 },
      { example: 'broken seal' },
    ),
    inQuery('from', 'Not before this event time (RFC 3339).', TIME, { example: '2026-11-21T00:00:00Z' }),
    inQuery('to', 'Not after this event time (RFC 3339).', TIME, { example: '2026-11-22T00:00:00Z' }),
    inQuery('limit', 'The maximum number of events in a page.', {
      type: 'integer',
      minimum: 1,
      maximum: most,
      default: usual,
    }),
    inQuery('next', 'The "next" of the previous page.', schemaRef('cursor')),
  ]
}

export const listParameters = listParametersOf(PAGE_LIMITS.most, PAGE_LIMITS.usual)
export const csvParameters = listParametersOf(CSV_LIMITS.most, CSV_LIMITS.usual)
export const catchUpParameters: readonly Json[] = [
  ...filters,
  limit,
  inQuery(
    'wait',
    'Seconds for which to hold the request until a matching event comes. A server may allow less, or none.',
    { type: 'integer', minimum: 0, maximum: LONG_POLL_LIMIT, default: 0 },
  ),
  inQuery(
    'cursor',
    'The cursor of the last page or subscription. Without one the response has the cursor of the end of the log. "earliest", "latest" and an RFC 3339 time are valid too.',
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
  'The source of the event, if several sources use the same id. By default an event with a lifecycle is preferred; of several, the newest.',
  { type: 'string' },
  { example: '/cranes/4' },
)
const idempotencyKey = inHeader(
  'Idempotency-Key',
  'A key, in quotes (RFC 8941) or without: both are the same one. A key with a space, quote, comma or semicolon must be in quotes. For as long as the log is kept (7 days by default) the same key with the same request returns the first response, even if the events have no ids. With another request the key is refused.',
  '8e03978e-40d5-43dd-bc93-6894a57f9324',
  { type: 'string', pattern: '^(?:"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,256}"|[!#-+\\--:<-~]{1,256})$' },
)

export const getParameters: readonly Json[] = [
  eventId,
  source,
  inHeader(
    'If-None-Match',
    'The ETag of your copy. The response is 304 if the copy is current.',
    '"k3v9x1-12"',
  ),
]

export const eraseParameters: readonly Json[] = [eventId, source]

export const deleteParameters: readonly Json[] = [
  eventId,
  source,
  inHeader(
    'If-Match',
    'The ETag of the state that the move is based on. The response is 412 if the state has changed since. By default only the current state is checked.',
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

export function inPath(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string', minLength: 1 }, example }
}
export const viewParameters: readonly Json[] = [
  inPath('domain', 'A domain of the catalog.', 'port'),
  inPath('view', 'One of its views.', 'statistics'),
  inQuery(
    'parts',
    '"true" returns the stored parts, neither merged nor presented. An unknown key has no parts.',
    { type: 'boolean', default: false },
  ),
  inQuery(
    'limit',
    `The maximum number of keys in a page; by default ${VIEW_LIMITS.usual}, or ${VIEW_LIMITS.most} with parts.`,
    {
      type: 'integer',
      minimum: 1,
      maximum: VIEW_LIMITS.most,
    },
  ),
  inQuery('next', 'The "next" of the previous page.', { type: 'string', pattern: '^k[A-Za-z0-9_-]*$' }),
]
export const viewKeyParameters: readonly Json[] = [
  ...viewParameters.slice(0, 3),
  inPath(
    'key',
    'A key of the view, percent-encoded. That of a case of the port is `<id>@<source>`, in which `%`, `@` and `/` of both are percent-encoded already; the id alone stands for the event that GET /events/{id} returns, unless `parts=true`.',
    'MSKU-9021044',
  ),
]

export const topicParameters: readonly Json[] = [inPath('topic', 'A topic of Kafka.', 'container-events')]

export const streamParameters: readonly Json[] = [
  ...topicParameters,
  {
    name: 'partition',
    in: 'path',
    required: true,
    description: 'One of its partitions.',
    schema: { type: 'integer', minimum: 0 },
    example: 0,
  },
  inQuery('offset', 'Begin at this offset, or at the first one that is left above it.', {
    type: 'integer',
    minimum: 0,
  }),
  inQuery('time', 'Begin at the first record that is not older (RFC 3339).', TIME, {
    example: '2026-11-21T00:00:00Z',
  }),
  inQuery('last', 'Begin so many records before the end. Without a place to begin it is the limit.', {
    type: 'integer',
    minimum: 1,
    maximum: BROWSE_LIMITS.last,
  }),
  inQuery('limit', 'The maximum number of records in a page.', {
    type: 'integer',
    minimum: 1,
    maximum: BROWSE_LIMITS.most,
    default: BROWSE_LIMITS.usual,
  }),
  inQuery('q', 'Only records with this text in their key, value or headers, ignoring case.', {
    type: 'string',
    maxLength: 200,
  }),
  inQuery(
    'field',
    'Only records whose event has this value at this path.',
    { type: 'string', pattern: '^[^=]{1,200}=' },
    { example: 'data.containerId=MSKU-9021044' },
  ),
  inQuery(
    'wait',
    'Seconds for which to hold the request at the end of the partition until a matching record comes. A server may allow less, or none.',
    { type: 'integer', minimum: 0, maximum: LONG_POLL_LIMIT, default: 0 },
  ),
]

/** The usual patterns of audited actions: `key.*` for those that begin with `key`. */
const AUDITED_GROUPS = new Set(
  AUDITED_ACTIONS.flatMap((action) => (action.includes('.') ? [`${action.split('.')[0]}.*`] : [])),
)

export const auditParameters: readonly Json[] = [
  listInQuery('principal', 'Only what these did, or was refused to them.', ONE_OF_LIST, ['key:ci']),
  listInQuery(
    'action',
    'Names of audited actions, or patterns of them (docs/audit.md).',
    { enum: [...AUDITED_ACTIONS, ...AUDITED_GROUPS] },
    ['refused', 'key.*'],
  ),
  listInQuery('outcome', 'Only these.', { enum: ['done', 'refused'] }, ['refused']),
  inQuery('from', 'Not before this time (RFC 3339).', TIME, { example: '2026-11-21T00:00:00Z' }),
  inQuery('to', 'Not after this time (RFC 3339).', TIME, { example: '2026-11-22T00:00:00Z' }),
  limit,
  inQuery('next', 'The "next" of the previous page.', schemaRef('cursor')),
]

export const postParameters: readonly Json[] = [
  idempotencyKey,
  inHeader(
    'traceparent',
    'W3C trace context, for events without one; an invalid one is replaced by a new one.',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    { type: 'string' },
  ),
  inHeader('ce-specversion', 'Binary mode: "1.0", the default.', '1.0', { const: '1.0' }),
  inHeader(
    'ce-type',
    'Binary mode: the type. If ce-type, ce-id, ce-source or ce-specversion is present, the body is the data of the event.',
    'port.container.arrived',
  ),
  inHeader('ce-id', 'Binary mode: the id.', 'arrival-7781'),
  inHeader('ce-source', 'Binary mode: the source.', '/cranes/4', { type: 'string', format: 'uri-reference' }),
  inHeader(
    'ce-subject',
    'Binary mode: the subject. Characters outside ASCII are percent-encoded in every ce- header.',
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
