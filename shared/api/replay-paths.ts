import { REPLAY_MOVES } from '#shared/pipeline/replays/replay-job.ts'
import { json, problems } from './responses.ts'
import { type Json, schemaRef } from './schemas.ts'

const REPLAY = {
  id: 'mi2k8r1x0-5f0c9a1e',
  kind: 'dead-letters',
  status: 'running',
  by: 'ada@example.com',
  created: 1_764_230_400_000,
  changed: 1_764_230_410_000,
  rate: 100,
  total: 3000,
  done: 1200,
  skipped: 0,
  failed: 0,
  request: { filter: { code: ['invalid_data'] } },
}
const COUNT = { count: 3000, byCode: { invalid_data: 3000 }, byTopic: { 'port-events': 3000 } }

const id = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the replay.',
  schema: { type: 'string' },
  example: REPLAY.id,
}

function create(
  operationId: string,
  summary: string,
  about: string,
  [schema, example]: [string, Json],
): Json {
  return {
    operationId,
    summary,
    description: about,
    tags: ['operations'],
    requestBody: { required: true, content: { 'application/json': { schema: schemaRef(schema), example } } },
    responses: {
      200: json('With "dryRun": the count.', 'replayCount', COUNT),
      202: json('The replay, which a worker begins with.', 'replay', REPLAY),
      ...problems(400, 401, 403, 413, 422, 500, 503),
    },
  }
}

const replayLetters = create(
  'replayDeadLetters',
  'Write dead letters to Kafka again',
  'The selection is fixed when the replay is created, so the count beforehand is that of what is replayed. An event keeps its source and id, and its record names the one that it replays: replaying twice changes nothing. What fails again becomes another dead letter.',
  ['letterReplay', { filter: { code: ['invalid_data'], topic: ['port-events'] }, dryRun: true }],
)

const discardLetters = create(
  'discardDeadLetters',
  'Settle dead letters that nobody needs',
  'They are no longer listed as open, and kept for their retention.',
  ['letterDiscard', { filter: { source: ['/cranes/4'] }, reason: 'a test of the new cranes' }],
)

const createReplay = create(
  'createReplay',
  'Replay a range of events to a URL or a connection, or rebuild views from Kafka',
  'A URL gets CloudEvents batches that are signed as Standard Webhooks does; a connection gets frames of the type "replay", with what its principal may read.',
  [
    'newReplay',
    {
      kind: 'events',
      channels: ['port.**'],
      from: '2026-11-21T00:00:00Z',
      target: { url: 'https://hooks.example.com/tidewire' },
    },
  ],
)

const list: Json = {
  operationId: 'listReplays',
  summary: 'List the replays, newest first',
  tags: ['operations'],
  parameters: [
    {
      name: 'limit',
      in: 'query',
      description: 'The maximum number of replays.',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    {
      name: 'next',
      in: 'query',
      description: 'The "next" of the previous page.',
      schema: { type: 'string', pattern: '^[\\w-]{1,64}$' },
    },
  ],
  responses: {
    200: json('The replays.', 'replayList', { replays: [REPLAY], next: null }),
    ...problems(400, 401, 403, 500, 503),
  },
}

const read: Json = {
  operationId: 'readReplay',
  summary: 'Read a replay with its progress',
  tags: ['operations'],
  parameters: [id],
  responses: { 200: json('The replay.', 'replay', REPLAY), ...problems(401, 403, 404, 500, 503) },
}

const SAID = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' } as const
const [pause, resume, cancel] = REPLAY_MOVES.map(
  (move): Json => ({
    operationId: `${move}Replay`,
    summary: `${SAID[move]} a replay`,
    description:
      'Its worker sees it after the items that it is at, which still count. It is no error where the replay is so already.',
    tags: ['operations'],
    parameters: [id],
    responses: { 202: json('The replay.', 'replay', REPLAY), ...problems(401, 403, 404, 409, 500, 503) },
  }),
)

/** The routes of replays. */
export const replayPaths = {
  '/dead-letters/replay': { post: replayLetters },
  '/dead-letters/discard': { post: discardLetters },
  '/replays': { get: list, post: createReplay },
  '/replays/{id}': { get: read },
  '/replays/{id}/pause': { post: pause },
  '/replays/{id}/resume': { post: resume },
  '/replays/{id}/cancel': { post: cancel },
}
