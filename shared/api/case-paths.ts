import { type Json, schemaRef } from './component-schemas.ts'
import { csvParameters, deleteParameters, getParameters, moveParameters } from './parameters.ts'
import { json, problems } from './responses.ts'

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
  description: 'The state of the event forbids the move, or it has no lifecycle. The reason is told.',
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
    'Deleted events too: they are gone from lists only. An event that was accepted a moment ago is waited for.',
  tags: ['events'],
  parameters: getParameters,
  responses: {
    200: { ...json('The event.', 'eventAnswer'), headers: ETAG },
    304: { description: 'It is what the ETag in If-None-Match stands for.', headers: ETAG },
    ...problems(401, 403, 404, 500, 503),
  },
}

const move: Json = {
  operationId: 'moveEvent',
  summary: 'Acknowledge, assign, start, resolve, close, read or delete an event',
  description: [
    'A move is an event in the partition of the event that it concerns. It is judged by the state as it is known, written, and answered once the views have it (2 s at most; later without "state"). Of two moves at once the first in the log wins; the other is answered 409, and stays in the history as refused.',
    'Operators and admins may make every move but delete, which takes an admin; everybody may read.',
    'Moves cannot be written by POST /events. GET /events leaves them out, unless a pattern in "channel" or "type" has the segment "lifecycle".',
  ].join('\n\n'),
  tags: ['events'],
  parameters: moveParameters,
  requestBody: {
    required: false,
    description: 'May be left out, but for assign.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            assignee: {
              anyOf: [{ type: 'string', minLength: 1, maxLength: 128 }, { type: 'null' }],
              description: 'Of assign: to whom; null to nobody.',
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
  summary: 'Take an event out of lists and counts',
  description:
    'Takes an admin. It stays in the log and in the audit trail: GET /events/{id} still answers it.',
  tags: ['events'],
  parameters: deleteParameters,
  responses: { 202: moved, ...problems(400, 401, 403, 404, 412, 413, 422, 429, 500, 503), 409: REFUSED },
}

const csv: Json = {
  operationId: 'exportEvents',
  summary: 'The events of a filter as CSV',
  description:
    'RFC 4180 with a header row, newest first. A cell that a spreadsheet would take for a formula begins with an apostrophe. A page may be short before the end: go on while there is a Link.',
  tags: ['events'],
  parameters: csvParameters,
  responses: {
    200: {
      description: 'A page.',
      headers: {
        Link: {
          description: '<…>; rel="next": the page below, if there is one.',
          schema: { type: 'string' },
        },
        'Content-Disposition': { description: 'attachment', schema: { type: 'string' } },
      },
      content: { 'text/csv': { schema: { type: 'string' } } },
    },
    ...problems(400, 401, 403, 500, 503),
  },
}

/** The routes of single events and their lifecycles, and the export. */
export const casePaths = {
  '/events.csv': { get: csv },
  '/events/{id}': { get, delete: remove },
  '/events/{id}/{move}': { post: move },
}
