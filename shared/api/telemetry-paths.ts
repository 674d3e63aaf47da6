import { json, problems } from './responses.ts'
import { type Json, schemaRef } from './schemas.ts'

const NOW = 1_795_777_411_868

const read: Json = {
  operationId: 'readTelemetry',
  summary: 'Read how long events take for each hop, from the request to the screen',
  description:
    'Of the last half minute, over all instances. They are collected while somebody reads them, so the first request finds none (docs/telemetry.md).',
  tags: ['operations'],
  responses: {
    200: json('The latencies.', 'hopLatencies', {
      windowSeconds: 30,
      hops: [{ hop: 'accept_to_post', count: 124, p50: 11.3, p95: 26.9, p99: 38.1 }],
    }),
    ...problems(401, 403, 500, 503),
  },
}

const report: Json = {
  operationId: 'reportPaints',
  summary: 'Report when a page had events on the screen',
  description:
    'The times are compared with those of the events, by the difference of the clocks that `sent` shows.',
  tags: ['operations'],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('paintReport'),
        example: {
          sent: NOW,
          paints: [
            {
              topic: 'events',
              partition: 0,
              offset: 12,
              received: NOW - 90,
              shown: NOW - 80,
              painted: NOW - 70,
            },
          ],
        },
      },
    },
  },
  responses: {
    202: json('How many were taken.', 'paintsTaken', { taken: 1 }),
    ...problems(400, 401, 403, 413, 422, 500, 503),
  },
}

/** The routes of telemetry. */
export const telemetryPaths = { '/telemetry': { get: read, post: report } }
