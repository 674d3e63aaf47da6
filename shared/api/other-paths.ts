import { viewKeyParameters, viewParameters } from './parameters.ts'
import { json, problems } from './responses.ts'
import { type Json, schemaRef } from './schemas.ts'

const CURSOR = 'container-events@k3v9x1:0=12'

function answer(description: string, state: unknown): Json {
  const [topic, partition, epoch, offset] = ['container-events', 0, 'k3v9x1', 12]
  const parts = [{ key: '', topic, partition, offset, epoch, state: { total: 13 } }]
  return {
    description,
    content: {
      'application/json': {
        schema: { anyOf: [schemaRef('viewState'), schemaRef('viewParts')] },
        examples: {
          state: { value: { state, cursor: CURSOR } },
          parts: { value: { parts, cursor: CURSOR, next: null } },
        },
      },
    },
  }
}

const readView: Json = {
  operationId: 'readView',
  summary: 'Read a view: its state, or its states by key, a page at a time',
  description:
    'GET /catalog lists the views. A list has the keys that the credentials may read. A state takes the right to read all of its channels; what a view presents of many, without naming anybody, takes the right to read some of them, unless `parts=true`. Subscribe, or catch up, from the cursor: all events that the state does not include are after it.',
  tags: ['views'],
  parameters: viewParameters,
  responses: { 200: answer('The view.', { total: 13 }), ...problems(400, 401, 403, 404, 500, 503) },
}

const readKey: Json = {
  operationId: 'readViewKey',
  summary: 'Read the state of one key of a view',
  tags: ['views'],
  parameters: viewKeyParameters,
  responses: {
    200: answer('The state.', { berth: 'B4', status: 'free' }),
    ...problems(400, 401, 403, 404, 500, 503),
  },
}

const readStats: Json = {
  operationId: 'readStats',
  summary: 'Count events: in total, today, by category and severity, per second; and open connections',
  tags: ['views'],
  responses: { 200: json('The counts.', 'stats'), ...problems(401, 403, 500, 503) },
}

const OPEN: readonly Json[] = []
const text = { type: 'string' }
const source = {
  name: 'source',
  in: 'path',
  required: true,
  description: 'A sender that this deployment knows, such as "github".',
  schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' },
  example: 'github',
}

const deliver: Json = {
  operationId: 'receiveWebhook',
  summary: 'Receive a signed delivery of a webhook sender',
  description:
    'The signature is verified over the bytes of the body. docs/webhooks.md lists the senders and their schemes.',
  tags: ['webhooks'],
  security: OPEN,
  parameters: [source],
  requestBody: { content: { '*/*': { schema: {} } } },
  responses: {
    202: json('The event is durable in Kafka.', 'receipt'),
    200: json(
      'The sender only tested the endpoint, or counts only this status as received and the event is durable.',
      'challengeAnswer',
      { challenge: '3eZbrw1aBm2rZ' },
    ),
    204: { description: 'As 200, without a body.' },
    ...problems(401, 404, 409, 413, 422, 500, 503),
  },
}

const plain = { schema: text, example: '1158201444' }
const shake: Json = {
  operationId: 'shakeHands',
  summary: 'Answer the handshake of a webhook sender that asks by GET',
  description:
    'A sender tests the endpoint before it delivers, with a challenge in the query or in a header. The answer is the challenge, or its HMAC. It is never an event. docs/webhooks.md lists the handshakes.',
  tags: ['webhooks'],
  security: OPEN,
  parameters: [source],
  responses: {
    200: {
      description: 'What the sender expects.',
      content: {
        'text/plain': plain,
        'application/json': {
          schema: schemaRef('challengeAnswer'),
          example: { response_token: 'sha256=x0mYd8hz2goCTfcNAaMqENy2BFgJJfJOb4PdvTffpwg=' },
        },
      },
    },
    204: { description: 'What the sender expects is empty.' },
    ...problems(400, 401, 404, 405, 500, 503),
  },
}

const probe: Json = {
  operationId: 'probeWebhook',
  summary: 'Answer a webhook sender that tests the endpoint by HEAD',
  tags: ['webhooks'],
  security: OPEN,
  parameters: [source],
  responses: {
    200: { description: 'The sender may deliver.' },
    ...problems(400, 401, 404, 405, 500, 503),
  },
}

const ask: Json = {
  operationId: 'askWebhook',
  summary: 'Ask for permission to deliver (CloudEvents HTTP webhooks §4)',
  tags: ['webhooks'],
  security: OPEN,
  parameters: [
    source,
    {
      name: 'WebHook-Request-Origin',
      in: 'header',
      description: 'The DNS name of the sender.',
      schema: { type: 'string', pattern: '^[!-~]{1,253}$' },
      example: 'eventemitter.example.com',
    },
    {
      name: 'WebHook-Request-Rate',
      in: 'header',
      description: 'The deliveries per minute that the sender requests.',
      schema: text,
      example: '120',
    },
  ],
  responses: {
    200: {
      description: 'The sender may deliver.',
      headers: {
        Allow: { schema: text },
        'WebHook-Allowed-Origin': { schema: text },
        'WebHook-Allowed-Rate': { description: 'If a rate was requested.', schema: text },
      },
    },
    204: { description: 'A request without an origin.', headers: { Allow: { schema: text } } },
    ...problems(400, 404, 500, 503),
  },
}

const catalog: Json = {
  operationId: 'getCatalog',
  summary: 'Domains, topics, event types with their schemas, severities and limits',
  tags: ['catalog'],
  responses: { 200: json('The catalog.', 'catalog'), ...problems(401, 403, 500, 503) },
}

const buyTicket: Json = {
  operationId: 'createTicket',
  summary: 'Get a ticket that opens one socket within 30 seconds',
  description: 'For the URL of the socket, which must not contain a key or a token.',
  tags: ['sockets'],
  responses: {
    201: json('The ticket: open the socket with "?ticket=…".', 'ticket', {
      ticket: 'kQ2vX0d6m1s9bYcE4rT7uWfJ8pLzA3hN5gVtKoIqRxM',
      expires: '2026-11-21T09:30:30.000Z',
      credentialExpires: '2026-11-21T10:30:00.000Z',
    }),
    ...problems(401, 403, 500, 503),
  },
}

const health: Json = {
  operationId: 'getHealth',
  summary: 'Whether the service is up, and its other addresses',
  tags: ['operations'],
  security: OPEN,
  responses: {
    200: json('The service is up.', 'health', {
      status: 'ok',
      version: '0.1.0',
      topics: ['port-events', 'events'],
      socketUrl: 'wss://abc123.execute-api.eu-central-1.amazonaws.com/prod',
    }),
    ...problems(500, 503),
  },
}

function describesItself(operationId: string, summary: string): Json {
  const content = { 'application/json': { schema: { type: 'object' } } }
  return {
    operationId,
    summary,
    tags: ['catalog'],
    security: OPEN,
    responses: { 200: { description: 'The document.', content }, ...problems(500, 503) },
  }
}

/** The routes of views, webhooks, tickets, and of these documents. */
export const otherPaths = {
  '/stats': { get: readStats },
  '/views/{domain}/{view}': { get: readView },
  '/views/{domain}/{view}/{key}': { get: readKey },
  '/webhooks/{source}': { post: deliver, get: shake, head: probe, options: ask },
  '/tickets': { post: buyTicket },
  '/catalog': { get: catalog },
  '/health': { get: health },
  '/openapi.json': { get: describesItself('getOpenapi', 'This document (OpenAPI 3.1)') },
  '/asyncapi.json': { get: describesItself('getAsyncapi', 'The sockets and topics (AsyncAPI 3.0)') },
}
