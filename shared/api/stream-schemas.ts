import * as z from 'zod'
import { cloudEvent } from '#shared/core/event-schemas.ts'

const topicPartition = { topic: z.string(), partition: z.int().min(0) }
const offset = z.int().min(0)
const age = z.nullable(z.int().min(0))

const broker = z.object({ id: z.int(), host: z.string(), port: z.int(), isController: z.boolean() })

const topic = z.object({
  name: z.string(),
  partitions: z.array(
    z.object({
      partition: z.int().min(0),
      earliest: offset,
      latest: offset.meta({ description: 'The offset of the next record.' }),
      leader: z.int().meta({ description: 'The id of its broker.' }),
      replicas: z.array(z.int()),
      inSync: z.array(z.int()),
    }),
  ),
  records: z.int().min(0).meta({ description: 'How many offsets it has: at most so many records.' }),
  recordsPerSecond: z.number().min(0).meta({ description: 'The average of the last minute.' }),
})

const group = z.object({
  name: z.string(),
  state: z.string().meta({ description: 'As Kafka names it, such as "Stable" or "Empty".' }),
  members: z.array(
    z.object({
      id: z.string(),
      client: z.string(),
      host: z.string(),
      partitions: z.array(z.object(topicPartition)),
    }),
  ),
  lag: z.int().min(0).meta({ description: 'The records that it has not committed.' }),
  lagMs: age.meta({
    description: 'The age of the oldest record that it has not committed; null if it is unknown.',
  }),
  offsets: z.array(
    z.object({
      ...topicPartition,
      committed: z.nullable(offset).meta({ description: 'null if it is assigned and not committed yet.' }),
      end: offset,
      lag: z.nullable(z.int().min(0)),
      lagMs: age,
    }),
  ),
})

const streams = z
  .object({ brokers: z.array(broker), topics: z.array(topic), groups: z.array(group) })
  .meta({ description: 'What Kafka has, without the bytes of any record.' })

const streamTopic = z
  .object({
    ...topic.shape,
    config: z.array(
      z.object({
        name: z.string(),
        value: z.nullable(z.string()).meta({ description: 'null if it is a secret.' }),
        isDefault: z.boolean().meta({ description: 'Whether it is not set for this topic.' }),
      }),
    ),
    groups: z.array(group).meta({ description: 'The groups that read it, with their other topics.' }),
  })
  .meta({ description: 'A topic with its settings.' })

const record = z.object({
  offset,
  timestamp: z.int().meta({ description: 'Milliseconds since 1970.' }),
  key: z.nullable(z.string()).meta({ description: 'Base64.' }),
  headers: z.array(
    z.object({
      name: z.string(),
      value: z.nullable(z.string()).meta({ description: 'Base64; null for the signature of Tidewire.' }),
    }),
  ),
  size: z.int().min(0).meta({ description: 'The bytes of the value.' }),
  value: z
    .nullable(z.string())
    .meta({ description: 'Base64, at most 64 KB of the value; at most 1 MB with "limit=1".' }),
  truncated: z.boolean(),
  event: z.nullable(cloudEvent).meta({ description: 'What the record says, if it is a CloudEvent.' }),
  problem: z
    .string()
    .optional()
    .meta({ description: 'Why its consumers take it for a dead letter, if they do.' }),
  signature: z
    .enum(['signed', 'unsigned', 'forged'])
    .meta({ description: 'Whether a function of Tidewire wrote it.' }),
  ahead: z
    .literal(true)
    .optional()
    .meta({ description: 'The time of its event is too far ahead of the record: it moves nothing.' }),
  erased: z
    .string()
    .optional()
    .meta({ format: 'date-time', description: 'When its data was erased; it is not shown.' }),
})

const recordPage = z
  .object({
    records: z.array(record),
    next: offset.meta({ description: 'Send it as "offset" to go on. At the end it is "latest".' }),
    scanned: z.int().min(0).meta({ description: 'How many records were looked at.' }),
    earliest: offset,
    latest: offset,
  })
  .meta({
    description:
      'Records of a partition, oldest first. A page may be short, or even empty, before the end: go on from "next" until it is "latest".',
  })

/** The schemas of what Kafka has. */
export const streamSchemas = { streams, streamTopic, recordPage }
