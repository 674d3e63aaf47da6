import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { type Json, schemaRef } from './component-schemas.ts'
import { catchUpParameters, deadLetterParameters, listParameters, postParameters } from './parameters.ts'
import { json, problems } from './responses.ts'

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
const RATE_HEADERS = {
  'RateLimit-Policy': { description: 'How many requests per second.', schema: { type: 'string' } },
  RateLimit: { description: 'How many are left.', schema: { type: 'string' } },
}

const post: Json = {
  operationId: 'publishEvents',
  summary: 'Write one event or a batch',
  description: [
    'Answers 202 once Kafka has acknowledged every event, never before. All events of a batch are written, or none.',
    'Four forms: plain JSON, CloudEvents structured, CloudEvents batch, and CloudEvents binary (`ce-` headers, the body is the data; of any media type).',
    'The pair (source, id) is one event for 7 days: the same pair again answers the first position.',
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
      description: 'Durable in Kafka. A batch is answered with a list.',
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
  tags: ['events'],
  parameters: listParameters,
  responses: {
    200: json('A page.', 'historyPage', { events: [POSITIONED], next: null }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const since: Json = {
  operationId: 'catchUp',
  summary: 'Read what came after a cursor: the polling fallback of the socket',
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

const deadLetters: Json = {
  operationId: 'listDeadLetters',
  summary: 'Records that could not be processed, newest first',
  tags: ['operations'],
  parameters: deadLetterParameters,
  responses: { 200: json('Dead letters.', 'deadLetterList'), ...problems(400, 401, 403, 500, 503) },
}

/** The routes of events. */
export const eventPaths = {
  '/events': { get: list, post },
  '/events/since': { get: since },
  '/dead-letters': { get: deadLetters },
}
