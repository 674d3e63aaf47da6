import * as z from 'zod'
import {
  ACCEPT_LIMITS,
  CHANNEL_LIMITS,
  FRAME_LIMITS,
  REPLAY_LIMIT,
  SUBSCRIPTION_LIMIT,
} from '#shared/core/limits.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import type { Derived, Domain, EventDefinition, View } from '#shared/domain/define-domain.ts'
import { UNCLAIMED_TOPIC, type UnknownTypes } from '#shared/pipeline/catalog.ts'
import { PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'

const derived = z
  .union([z.object({ value: z.string() }), z.object({ rule: z.string() })])
  .meta({ description: 'Always the same value, or derived from the data by a rule in words.' })
const eventType = z.object({
  type: z.string(),
  description: z.string(),
  category: derived,
  severity: derived,
  dataRequired: z.boolean().meta({ description: 'Whether an event without data is refused.' }),
  schema: z.looseObject({}).meta({ description: 'JSON Schema 2020-12 of the data.' }),
})
const topic = z.object({
  name: z.string(),
  channels: z
    .array(z.string())
    .meta({ description: 'Patterns; the first topic that matches carries a channel.' }),
})

const view = z.object({
  name: z.string(),
  description: z.string(),
  lateEvents: z
    .string()
    .meta({ description: 'How events are handled whose time is before that of events already folded.' }),
  channels: z.array(z.string()).meta({ description: 'Patterns of the channels whose events it folds.' }),
  keyed: z.boolean().meta({ description: 'Whether it has a state for each of many keys, or only one.' }),
  keepDays: z
    .number()
    .optional()
    .meta({ description: 'A state is deleted so many days after its last change.' }),
})

export const catalogAnswer = z
  .object({
    domains: z.array(
      z.object({
        name: z.string(),
        topics: z.array(topic),
        types: z.array(eventType),
        views: z.array(view),
      }),
    ),
    unclaimed: z.object({ topic: z.string(), types: z.enum(['accept', 'refuse']) }).meta({
      description:
        'The topic of channels outside all domains, and whether types outside all domains are accepted.',
    }),
    severities: z.array(z.enum(SEVERITIES)),
    limits: z.record(z.string(), z.int()),
  })
  .meta({ description: 'What this deployment knows: domains, topics, event types, views and limits.' })

/** Returns the body of `GET /catalog`: what producers and dashboards need to know of the domains, as data. */
export function catalogDocument(
  domains: readonly Domain[],
  unknownTypes: UnknownTypes,
): z.infer<typeof catalogAnswer> {
  return {
    domains: domains.map(({ name, topics, events, views = {} }) => ({
      name,
      topics: Object.entries(topics).map(([topicName, channels]) => ({
        name: topicName,
        channels: [...channels],
      })),
      types: Object.entries(events).map(([type, definition]) => describeType(type, definition)),
      views: Object.entries(views).map(([viewName, definition]) => describeView(viewName, definition)),
    })),
    unclaimed: { topic: UNCLAIMED_TOPIC, types: unknownTypes },
    severities: [...SEVERITIES],
    limits: {
      bodyBytes: ACCEPT_LIMITS.bodyBytes,
      eventBytes: ACCEPT_LIMITS.eventBytes,
      batchEvents: ACCEPT_LIMITS.batchEvents,
      idBytes: ACCEPT_LIMITS.keyBytes,
      sourceBytes: ACCEPT_LIMITS.keyBytes,
      channelSegments: CHANNEL_LIMITS.segments,
      channelSegmentLength: CHANNEL_LIMITS.segmentLength,
      patternWildcards: CHANNEL_LIMITS.wildcards,
      pageEvents: PAGE_LIMITS.most,
      connectionSubscriptions: SUBSCRIPTION_LIMIT,
      replayEvents: REPLAY_LIMIT,
      frameBytes: FRAME_LIMITS.softBytes,
    },
  }
}

function describeType(type: string, definition: EventDefinition) {
  return {
    type,
    description: definition.schema.meta()?.description ?? '',
    category: describeDerived(definition.category, type),
    severity: describeDerived(definition.severity, 'info'),
    dataRequired: !definition.schema.safeParse(undefined).success,
    schema: z.toJSONSchema(definition.schema, { io: 'input' }),
  }
}

function describeView(name: string, { description, lateEvents, channels, keys, keepDays }: View) {
  const kept = keepDays !== undefined && { keepDays }
  return { name, description, lateEvents, channels: [...channels], keyed: keys !== undefined, ...kept }
}

function describeDerived(derivation: Derived<unknown> | undefined, fallback: string) {
  if (derivation === undefined) return { value: fallback }
  return typeof derivation === 'string' ? { value: derivation } : { rule: derivation.rule }
}
