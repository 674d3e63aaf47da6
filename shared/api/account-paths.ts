import { PEOPLE_LIMITS } from '#shared/pipeline/people/read-people-query.ts'
import { json, problems } from './responses.ts'
import { type Json, schemaRef } from './schemas.ts'

const KEY = {
  id: 'ci',
  name: 'key:ci',
  role: 'publisher',
  scopes: ['publish:port.**', 'source:urn:shop:orders'],
  created: '2026-11-27T08:00:00.000Z',
  createdBy: 'ada@example.com',
}
const SECRET = 'tw_EXAMPLE'

const id = pathParameter('id', 'The id of the key.', 'ci')
const user = pathParameter('name', 'The name of a user, percent-encoded.', 'ada@example.com')

const list: Json = {
  operationId: 'listKeys',
  summary: 'List the API keys, also those that were revoked',
  tags: ['accounts'],
  responses: { 200: json('The keys.', 'apiKeyList', { keys: [KEY] }), ...problems(401, 403, 500, 503) },
}

const create: Json = {
  operationId: 'createKey',
  summary: 'Create an API key; its secret is shown only in this response',
  description:
    'The id is never used again, because the history of events names it. A source belongs to one key at a time.',
  tags: ['accounts'],
  requestBody: body('apiKeyDraft', { id: KEY.id, role: KEY.role, scopes: KEY.scopes }),
  responses: {
    201: json('The key.', 'apiKeyWithSecret', { ...KEY, secret: SECRET }),
    ...problems(400, 401, 403, 409, 413, 422, 500, 503),
  },
}

const rotate: Json = {
  operationId: 'rotateKey',
  summary: 'Give an API key a new secret; the old one holds for a grace period',
  tags: ['accounts'],
  parameters: [id],
  requestBody: body('rotation', { graceSeconds: 3600 }),
  responses: {
    200: json('The key.', 'apiKeyWithSecret', { ...KEY, secret: SECRET }),
    ...problems(400, 401, 403, 404, 409, 413, 422, 500, 503),
  },
}

const revoke: Json = {
  operationId: 'revokeKey',
  summary: 'Revoke an API key: within 5 s no request and no socket may use it',
  tags: ['accounts'],
  parameters: [id],
  responses: {
    200: json('The key.', 'apiKey', { ...KEY, revoked: '2026-11-27T09:00:00.000Z' }),
    ...problems(401, 403, 404, 409, 500, 503),
  },
}

const people: Json = {
  operationId: 'listUsers',
  summary: 'List the people that something can be assigned to',
  description:
    'Everybody who can sign in, sorted by name; keys and services are not people. Of a role with more than 1,200 people a part is listed. A change in the user pool shows after 30 s at most.',
  tags: ['accounts'],
  parameters: [
    {
      name: 'q',
      in: 'query',
      description: 'Only people whose name contains this, ignoring case.',
      schema: { type: 'string', maxLength: PEOPLE_LIMITS.q },
      example: 'ada',
    },
    {
      name: 'limit',
      in: 'query',
      description: 'The maximum number of people.',
      schema: { type: 'integer', minimum: 1, maximum: PEOPLE_LIMITS.most, default: PEOPLE_LIMITS.usual },
    },
  ],
  responses: {
    200: json('The people.', 'people', { users: [{ name: 'ada@example.com', role: 'operator' }] }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const me: Json = {
  operationId: 'readSelf',
  summary: 'Whose credentials these are, and what they may do',
  tags: ['accounts'],
  responses: { 200: json('The principal.', 'self'), ...problems(401, 403, 500, 503) },
}

const revokeUser: Json = {
  operationId: 'revokeUser',
  summary: 'End the sessions of a user: tokens until now are refused, sockets are closed',
  tags: ['accounts'],
  parameters: [user],
  responses: { 200: json('Since when.', 'revocation'), ...problems(401, 403, 500, 503) },
}

const endSession: Json = {
  operationId: 'endSession',
  summary: 'Sign out everywhere: the tokens of this user until now are refused, sockets are closed',
  tags: ['accounts'],
  responses: { 200: json('Since when.', 'revocation'), ...problems(401, 403, 500, 503) },
}

function pathParameter(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example }
}

function body(schema: string, example: unknown): Json {
  return { content: { 'application/json': { schema: schemaRef(schema), example } } }
}

/** The routes of keys, people and sessions. */
export const accountPaths = {
  '/keys': { get: list, post: create },
  '/keys/{id}': { delete: revoke },
  '/keys/{id}/rotate': { post: rotate },
  '/users': { get: people },
  '/users/me': { get: me },
  '/users/{name}/revoke': { post: revokeUser },
  '/session': { delete: endSession },
}
