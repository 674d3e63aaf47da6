import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import {
  auditParameters,
  catchUpParameters,
  csvParameters,
  deleteParameters,
  eraseParameters,
  getParameters,
  listParameters,
  moveParameters,
  postParameters,
} from './parameters.ts'
import { json, problems } from './responses.ts'
import { type Json, schemaRef } from './schemas.ts'

const RECEIPT = {
  id: 'arrival-7781',
  source: '/cranes/4',
  topic: 'container-events',
  partition: 0,
  offset: 12,
}
const POSITIONED = {
  topic: 'container-events',
  partition: 0,
  offset: 12,
  event: {
    specversion: '1.0',
    id: 'arrival-7781',
    source: '/cranes/4',
    type: 'port.container.arrived',
    subject: 'MSKU-9021044',
    time: '2026-11-21T08:00:00Z',
    datacontenttype: 'application/json',
    category: 'port.container',
    severity: 'info',
    data: { berth: 'B4', weightKg: 21_400 },
  },
}
const AUDITED = {
  topic: 'tidewire-audit',
  partition: 1,
  offset: 7,
  event: {
    specversion: '1.0',
    id: '8e03978e-40d5-43dd-bc93-6894a57f9324',
    source: 'urn:tidewire:audit',
    type: 'tidewire.audit.refused',
    subject: 'key:ci',
    time: '2026-11-21T08:00:00.000Z',
    datacontenttype: 'application/json',
    category: 'tidewire.audit.refused',
    severity: 'low',
    partitionkey: 'key:ci',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: {
      action: 'refused',
      outcome: 'refused',
      principal: { kind: 'key', name: 'key:ci', role: 'publisher' },
      address: '203.0.113.7',
      requestId: 'Jf2mxgZ0liAEJ3Q=',
      target: 'GET /keys',
      reason: 'The role publisher may not do "keys.read": that takes the role admin.',
    },
  },
}
const RATE_HEADERS = {
  'RateLimit-Policy': {
    description: 'The maximum number of requests per second.',
    schema: { type: 'string' },
  },
  RateLimit: { description: 'The number of requests that are left.', schema: { type: 'string' } },
}

const post: Json = {
  operationId: 'publishEvents',
  summary: 'Write one event or a batch',
  description: [
    'Returns 202 when Kafka has acknowledged every event, never before. All events of a batch are written, or none.',
    'Four forms: plain JSON, CloudEvents structured, CloudEvents batch, and CloudEvents binary (`ce-` headers, the body is the data, of any media type).',
    'The pair (source, id) identifies one event for as long as the log is kept (7 days by default). A request with the same pair returns the first position.',
  ].join('\n\n'),
  tags: ['events'],
  parameters: postParameters,
  requestBody: {
    required: true,
    description: `At most ${ACCEPT_LIMITS.bodyBytes} bytes, each event at most ${ACCEPT_LIMITS.eventBytes} bytes of JSON.`,
    content: {
      'application/json': { schema: schemaRef('plainEvent') },
      'application/cloudevents+json': { schema: schemaRef('cloudEventDraft') },
      'application/cloudevents-batch+json': {
        schema: { type: 'array', maxItems: ACCEPT_LIMITS.batchEvents, items: schemaRef('cloudEventDraft') },
      },
      '*/*': { schema: {} },
    },
  },
  responses: {
    202: {
      description: 'Durable in Kafka. The response to a batch is a list.',
      headers: RATE_HEADERS,
      content: {
        'application/json': {
          schema: { anyOf: [schemaRef('receipt'), schemaRef('batchReceipt')] },
          examples: {
            one: { value: RECEIPT },
            batch: { value: { accepted: 1, events: [RECEIPT] } },
          },
        },
      },
    },
    ...problems(400, 401, 403, 409, 413, 415, 422, 429, 500, 503),
  },
}

const list: Json = {
  operationId: 'listEvents',
  summary: 'Page through history, newest first',
  description:
    'Has the events that the credentials may read; others are left out. A list of channels of which nothing may be read is 403.',
  tags: ['events'],
  parameters: listParameters,
  responses: {
    200: json('A page.', 'historyPage', { events: [POSITIONED], next: null }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const since: Json = {
  operationId: 'catchUp',
  summary: 'Read the events after a cursor: the polling fallback of the socket',
  description:
    'Events that the credentials may not read are passed over. For channels of which nothing may be read it is 403.',
  tags: ['events'],
  parameters: catchUpParameters,
  responses: {
    200: json('A page.', 'catchUpPage', {
      events: [POSITIONED],
      cursor: 'container-events@k3v9x1:0=12',
      recovered: true,
    }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const ETAG = {
  ETag: {
    description: 'The state’s tag: the epoch and offset of its last change.',
    schema: { type: 'string' },
  },
}
const MOVED = {
  id: '1e1a3c1e-8f6e-4f0e-9a51-0d4c8f0a5f1b',
  source: 'urn:tidewire:api',
  topic: 'container-events',
  partition: 0,
  offset: 13,
  state: { id: 'arrival-7781', status: 'acknowledged', statusBy: 'anna', assignee: null },
}
const moved = {
  ...json('The move is durable in Kafka, and "state" includes it.', 'moveReceipt', MOVED),
  headers: ETAG,
}
const REFUSED = {
  description: 'The state of the event forbids the move, or it has no lifecycle. The detail has the reason.',
  content: {
    'application/problem+json': {
      schema: schemaRef('problem'),
      example: {
        type: 'urn:tidewire:problem:conflict',
        title: 'Conflict',
        status: 409,
        detail: 'This event is already resolved by anna; only an event in progress can be resolved.',
      },
    },
  },
}
const note = { type: 'string', maxLength: 500, description: 'For the history.' }

const get: Json = {
  operationId: 'getEvent',
  summary: 'One event, with the state of its lifecycle',
  description:
    'Returns deleted events too; only lists omit them. An event that the credentials may not read does not exist for them: 404. If an event was just accepted, the request waits until it is stored.',
  tags: ['events'],
  parameters: getParameters,
  responses: {
    200: { ...json('The event.', 'eventAnswer'), headers: ETAG },
    304: { description: 'Unchanged since the ETag in If-None-Match.', headers: ETAG },
    ...problems(401, 403, 404, 500, 503),
  },
}

const move: Json = {
  operationId: 'moveEvent',
  summary: 'Acknowledge, assign, start, resolve, close, read or delete an event',
  description: [
    'A move is an event in the partition of the event that it changes. It is checked against the known state and written. The response is sent when the views include the move, or after 2 s without "state". Of two concurrent moves, the first in the log is applied. The other gets 409 and is kept in the history as refused.',
    'Moves cannot be written by POST /events. GET /events omits them, unless a pattern in "channel" or "type" has the segment "lifecycle".',
  ].join('\n\n'),
  tags: ['events'],
  parameters: moveParameters,
  requestBody: {
    required: false,
    description: 'Optional, except for assign.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            assignee: {
              anyOf: [{ type: 'string', minLength: 1, maxLength: 128 }, { type: 'null' }],
              description:
                'For assign: the name of a user as GET /users lists it, or null to remove the assignee. Another name is 422, and that of a new user for up to a minute.',
            },
            note,
          },
          additionalProperties: false,
        },
        example: { assignee: 'anna' },
      },
    },
  },
  responses: { 202: moved, ...problems(400, 401, 403, 404, 412, 413, 422, 429, 500, 503), 409: REFUSED },
}

const remove: Json = {
  operationId: 'deleteEvent',
  summary: 'Remove an event from lists and counts',
  description: 'The event is kept in the log and in the audit trail: GET /events/{id} still returns it.',
  tags: ['events'],
  parameters: deleteParameters,
  responses: { 202: moved, ...problems(400, 401, 403, 404, 412, 413, 422, 429, 500, 503), 409: REFUSED },
}

const csv: Json = {
  operationId: 'exportEvents',
  summary: 'The events of a filter as CSV',
  description:
    'The events that the credentials may read and export, as RFC 4180 with a header row, newest first. No cell is a formula, whether a spreadsheet splits the file at commas, semicolons or tabs: a text gets an apostrophe where one could begin, the JSON in "data" an escape, and numbers stay as they are. A page can be short before the end: continue while there is a Link header.',
  tags: ['events'],
  parameters: csvParameters,
  responses: {
    200: {
      description: 'A page.',
      headers: {
        Link: {
          description: '<…>; rel="next": the next page, if there is one.',
          schema: { type: 'string' },
        },
        'Content-Disposition': { description: 'attachment', schema: { type: 'string' } },
      },
      content: { 'text/csv': { schema: { type: 'string' } } },
    },
    ...problems(400, 401, 403, 500, 503),
  },
}

const audit: Json = {
  operationId: 'listAudit',
  summary: 'Who did what, and what was refused, newest first',
  description:
    'The events of the audit trail, with their data as the catalog describes it under "tidewire.audit". To follow them, subscribe to the channel "tidewire.audit.**".',
  tags: ['operations'],
  parameters: auditParameters,
  responses: {
    200: json('A page.', 'historyPage', { events: [AUDITED], next: null }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const ERASED = {
  id: 'b0tYd1nOqA6jYPJvUQXHpTq7S0v8u0O2x9yM5o3l1ZQ',
  source: 'urn:tidewire:erasure',
  topic: 'container-events',
  partition: 0,
  offset: 14,
  also: [{ id: 'q3bLh0eXyq7y4oO4L9vK1m0aW2sD5fG8hJ1kL4zX7cV', source: 'urn:tidewire:fold:port/cases' }],
  views: 'done',
  kafka: [{ topic: 'container-events', partition: 0, offset: 12, until: '2026-03-08T12:00:00.000Z' }],
  advice: 'Kafka keeps the records named in "kafka" until their topic\'s retention ends.',
}

const erase: Json = {
  operationId: 'eraseEvent',
  summary: 'Remove the data of an event for good',
  description: [
    'Removes the data, the subject and every other attribute that may have data from the log table, the views, the dead letters, and all that is read or rebuilt later. What stays is the id, source, type, time, category, severity and position. Events that repeat the data are erased with it: those that views made of it, the notes of its moves, the other events of an order or an alert. "erasing" of each view in GET /catalog says what the view removes.',
    'An event of the type tidewire.erased, in the channel and the partition of the event, tells pages that show it to remove it. DELETE only hides an event. Kafka keeps the records named in "kafka" until their retention ends. To erase an event again changes nothing, and returns the same.',
  ].join('\n\n'),
  tags: ['events'],
  parameters: eraseParameters,
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['reason'],
          properties: {
            reason: {
              type: 'string',
              minLength: 1,
              maxLength: 500,
              pattern: '\\S',
              description: 'Why, for the audit trail. Readers of the channel do not get it.',
            },
          },
        },
        example: { reason: 'Request of the person concerned, ticket 4711' },
      },
    },
  },
  responses: {
    202: json('The data is removed, and "views" says whether the views have folded it.', 'erased', ERASED),
    ...problems(400, 401, 403, 404, 413, 422, 429, 500, 503),
    409: {
      description:
        'The event is one of Tidewire itself, such as an erasure or an audit entry, or another request erases the event at this moment.',
      content: { 'application/problem+json': { schema: schemaRef('problem') } },
    },
  },
}

/** The routes of events, with their lifecycles and the export. */
export const eventPaths = {
  '/events': { get: list, post },
  '/events/since': { get: since },
  '/audit': { get: audit },
  '/events.csv': { get: csv },
  '/events/{id}': { get, delete: remove },
  '/events/{id}/erase': { post: erase },
  '/events/{id}/{move}': { post: move },
}
