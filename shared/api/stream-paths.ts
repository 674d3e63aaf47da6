import { streamParameters, topicParameters } from './parameters.ts'
import { json, problems } from './responses.ts'
import type { Json } from './schemas.ts'

const streams: Json = {
  operationId: 'getStreams',
  summary: 'Brokers, topics with their offsets, and consumer groups with their lag',
  description: 'What Kafka has, about a second old. All topics and groups of the cluster are listed.',
  tags: ['operations'],
  responses: { 200: json('What Kafka has.', 'streams'), ...problems(400, 401, 403, 500, 503) },
}

const topic: Json = {
  operationId: 'getStreamTopic',
  summary: 'A topic: its partitions, its settings and the groups that read it',
  tags: ['operations'],
  parameters: topicParameters,
  responses: { 200: json('The topic.', 'streamTopic'), ...problems(400, 401, 403, 404, 500, 503) },
}

const records: Json = {
  operationId: 'browsePartition',
  summary: 'The records of a partition, as they are in Kafka',
  description:
    'From an offset, a time, or the newest ones, oldest first. No consumer group is involved. A request looks at up to 10,000 records or 16 MB, and says in "next" where to go on. To follow a partition, send "next" as "offset" with "wait". The data of erased events is not shown, and no filter finds it. Reading is in the audit trail.',
  tags: ['operations'],
  parameters: streamParameters,
  responses: { 200: json('A page.', 'recordPage'), ...problems(400, 401, 403, 404, 415, 500, 503) },
}

/** The routes of what Kafka has. */
export const streamPaths = {
  '/streams': { get: streams },
  '/streams/{topic}': { get: topic },
  '/streams/{topic}/{partition}': { get: records },
}
