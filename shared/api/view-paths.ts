import { type Json, schemaRef } from './component-schemas.ts'
import { viewKeyParameters, viewParameters } from './parameters.ts'
import { json, problems } from './responses.ts'

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
    'GET /catalog names the views. The cursor is where to subscribe, or catch up, from: what the state lacks comes after it.',
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
  summary: 'Count events: in all, today, by category and severity, per second; and open connections',
  tags: ['views'],
  responses: { 200: json('The counts.', 'stats'), ...problems(401, 403, 500, 503) },
}

/** The routes of views. */
export const viewPaths = {
  '/stats': { get: readStats },
  '/views/{domain}/{view}': { get: readView },
  '/views/{domain}/{view}/{key}': { get: readKey },
}
