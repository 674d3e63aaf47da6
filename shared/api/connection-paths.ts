import { CONNECTION_LIMITS } from '#shared/pipeline/connections/list-connections.ts'
import { json, problems } from './responses.ts'
import type { Json } from './schemas.ts'

const ID = 'VLQ5Cd3mDoECFxA='
const CONNECTION = {
  id: ID,
  principal: { name: 'ada@example.com', kind: 'user', role: 'operator' },
  connected: '2026-11-27T08:00:00.000Z',
  expires: '2026-11-27T09:00:00.000Z',
  address: '192.0.2.7',
  subscriptions: [{ id: 's1', channels: ['port.*'], filter: { severity: ['critical'] }, behind: false }],
  framesPerSecond: 1.2,
  eventsPerSecond: 8.5,
  lastFrame: '2026-11-27T08:30:00.000Z',
  lagMs: 0,
}

function inQuery(name: string, description: string, schema: Json, example: unknown): Json {
  return { name, in: 'query', description, schema, example }
}
const text = (maxLength: number): Json => ({ type: 'string', maxLength })

const list: Json = {
  operationId: 'listConnections',
  summary: 'List the open connections, with what each subscribes to and gets',
  description:
    'Newest first. A connection that was lost without a close is listed until it is found gone, or expires. Rates are those of the last half minute; the first request begins to collect them, so they come with a later one (docs/connections.md).',
  tags: ['operations'],
  parameters: [
    inQuery(
      'principal',
      'Only those of the principal with this name.',
      text(CONNECTION_LIMITS.name),
      'key:ci',
    ),
    inQuery(
      'q',
      'Only those with this text in their id, the name of their principal or their address, ignoring case.',
      text(CONNECTION_LIMITS.text),
      '192.0.2',
    ),
    inQuery(
      'limit',
      'The maximum number of connections in a page.',
      { type: 'integer', minimum: 1, maximum: CONNECTION_LIMITS.most, default: CONNECTION_LIMITS.usual },
      20,
    ),
    {
      name: 'next',
      in: 'query',
      description: 'The "next" of the previous page.',
      schema: { type: 'string', pattern: '^c[0-9]{10}\\.[A-Za-z0-9_-]{1,400}$' },
    },
  ],
  responses: {
    200: json('A page of connections.', 'connectionList', {
      connections: [CONNECTION],
      total: 1,
      next: null,
    }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const close: Json = {
  operationId: 'closeConnection',
  summary: 'Close a connection',
  description:
    'It is told so by an error frame with the code "closed". Its client connects again by itself and misses nothing: to keep somebody out, revoke the credential.',
  tags: ['operations'],
  parameters: [
    {
      name: 'id',
      in: 'path',
      required: true,
      description: 'The id of a connection, percent-encoded.',
      schema: { type: 'string', minLength: 1 },
      example: ID,
    },
  ],
  responses: {
    202: json('Nothing is pushed to it any more, and it is being closed.', 'connectionClosed', { id: ID }),
    ...problems(401, 403, 404, 500, 503),
  },
}

/** The routes of open connections. */
export const connectionPaths = { '/connections': { get: list }, '/connections/{id}': { delete: close } }
