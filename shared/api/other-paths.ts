import type { Json } from './component-schemas.ts'
import { json, problems } from './responses.ts'

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
  summary: 'Take a signed delivery of a webhook sender',
  description:
    'The signature is checked over the bytes of the body. docs/webhooks.md names the senders and their schemes.',
  tags: ['webhooks'],
  security: OPEN,
  parameters: [source],
  requestBody: { content: { '*/*': { schema: {} } } },
  responses: {
    202: json('The event is durable in Kafka.', 'receipt'),
    200: json('The sender only tried the endpoint out.', 'challengeAnswer', { challenge: '3eZbrw1aBm2rZ' }),
    204: { description: 'The sender only tried the endpoint out.' },
    ...problems(401, 404, 409, 413, 422, 500, 503),
  },
}

const ask: Json = {
  operationId: 'askWebhook',
  summary: 'Ask whether one may deliver (CloudEvents HTTP webhooks §4)',
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
      description: 'How many deliveries per minute the sender would like.',
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
        'WebHook-Allowed-Rate': { description: 'Where a rate was asked for.', schema: text },
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
  description: 'For the URL of the socket, where a key or a token does not belong.',
  tags: ['sockets'],
  responses: {
    201: json('The ticket: open the socket with "?ticket=…".', 'ticket', {
      ticket: 'kQ2vX0d6m1s9bYcE4rT7uWfJ8pLzA3hN5gVtKoIqRxM',
      expires: '2026-11-21T09:30:30.000Z',
    }),
    ...problems(401, 403, 500, 503),
  },
}

const health: Json = {
  operationId: 'getHealth',
  summary: 'Whether the service is up',
  tags: ['operations'],
  security: OPEN,
  responses: {
    200: json('It is.', 'health', { status: 'ok', topics: ['port-events', 'events'] }),
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

/** The routes beside those of events. */
export const otherPaths = {
  '/webhooks/{source}': { post: deliver, options: ask },
  '/tickets': { post: buyTicket },
  '/catalog': { get: catalog },
  '/health': { get: health },
  '/openapi.json': { get: describesItself('getOpenapi', 'This document (OpenAPI 3.1)') },
  '/asyncapi.json': { get: describesItself('getAsyncapi', 'The sockets and topics (AsyncAPI 3.0)') },
}
