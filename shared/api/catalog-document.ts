import * as z from 'zod'
import { ACTIONS, ALL_ACTIONS, CHANNELS, type ChannelLine } from '#shared/core/access/policy.ts'
import { ROLES } from '#shared/core/access/role.ts'
import { MAX_LEAD_SECONDS } from '#shared/core/lead.ts'
import {
  ACCEPT_LIMITS,
  CHANNEL_LIMITS,
  FRAME_LIMITS,
  REPLAY_LIMIT,
  SUBSCRIPTION_LIMIT,
} from '#shared/core/limits.ts'
import { DAY_SECONDS, type Retention } from '#shared/core/retention.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import type { Derived, Domain, EventDefinition, View } from '#shared/domain/define-domain.ts'
import { type Catalog, UNCLAIMED_TOPIC } from '#shared/pipeline/catalog.ts'
import { PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'

const derived = z.union([z.object({ value: z.string() }), z.object({ rule: z.string() })]).meta({
  description: 'A constant value, or the description of the rule that derives the value from the data.',
})
const eventType = z.object({
  type: z.string(),
  description: z.string(),
  category: derived,
  severity: derived,
  internal: z.boolean().meta({ description: 'Whether only Tidewire writes it: nobody may post it.' }),
  actor: z.string().optional().meta({
    description: 'The member of the data that says who acted. The server fills it in from the credentials.',
  }),
  dataRequired: z.boolean().meta({ description: 'Whether an event without data is refused.' }),
  schema: z.looseObject({}).meta({ description: 'JSON Schema 2020-12 of the data.' }),
})
const topic = z.object({
  name: z.string(),
  channels: z
    .array(z.string())
    .meta({ description: 'Patterns. A channel is carried by the first topic with a matching pattern.' }),
})

const view = z.object({
  name: z.string(),
  description: z.string(),
  lateEvents: z
    .string()
    .meta({ description: 'How events are handled whose time is before that of events already folded.' }),
  channels: z
    .array(z.string())
    .meta({ description: 'Patterns of the channels of the events that it folds.' }),
  keyed: z.boolean().meta({ description: 'true: one state for each key. false: only one state.' }),
  erasing: z.string().optional().meta({
    description: 'What is removed and what stays when the data of an event is erased.',
  }),
  keepDays: z.number().optional().meta({
    description: 'The number of days after its last change when a state is deleted, as in `retention`.',
  }),
})

const allowed = z.object({
  from: z.enum(ROLES).optional().meta({ description: 'The lowest role that may.' }),
  owner: z.literal(true).optional().meta({ description: 'The user or key in the pattern may.' }),
})
const policy = z
  .object({
    actions: z
      .array(z.object({ action: z.string(), role: z.enum(ROLES) }))
      .meta({ description: 'Each action with the lowest role that may do it.' }),
    channels: z
      .array(
        z.object({
          channels: z.string(),
          read: allowed,
          publish: allowed,
          types: z.array(z.string()).optional(),
        }),
      )
      .meta({
        description:
          'Who may read and write the events of a channel: the first line that has it decides. {user} is the name of the owner. `types` are those that may be written.',
      }),
  })
  .meta({ description: 'Who may do what. The grants of credentials narrow it.' })

export const catalogAnswer = z
  .object({
    domains: z.array(
      z.object({
        name: z.string(),
        topics: z.array(topic),
        types: z.array(eventType),
        views: z.array(view),
        maxLead: z.nullable(z.number()).meta({
          description:
            'How many seconds the time of an event may be ahead of its record; beyond it the event is marked "ahead" and moves no view. null is any number.',
        }),
      }),
    ),
    unclaimed: z.object({ topic: z.string(), types: z.enum(['accept', 'refuse']) }).meta({
      description:
        'The topic of channels outside all domains, and whether types outside all domains are accepted.',
    }),
    retention: z
      .object({
        topics: z.record(z.string(), z.int()).meta({
          description: 'How long the events of each topic are kept: a cursor is good for as long.',
        }),
        views: z.record(z.string(), z.int()).meta({
          description: 'How long a state is kept after its last change; of other views it is kept for good.',
        }),
        claims: z.int().meta({
          description:
            'For how long the pair (source, id), or an Idempotency-Key, returns the first response.',
        }),
      })
      .meta({ description: 'How long this deployment keeps what, in seconds.' }),
    severities: z.array(z.enum(SEVERITIES)),
    policy,
    limits: z.record(z.string(), z.int()),
  })
  .meta({ description: 'The domains, topics, event types, views, policy and limits of this deployment.' })

/**
 * Returns the body of `GET /catalog`: the domains as data, for producers and dashboards, and how long this deployment
 * keeps what.
 */
export function catalogDocument(
  domains: readonly Domain[],
  { unknownTypes, names }: Pick<Catalog, 'unknownTypes' | 'names'>,
  retention: Retention,
): z.infer<typeof catalogAnswer> {
  return {
    domains: domains.map(({ name, topics, events, views = {}, maxLead = MAX_LEAD_SECONDS }) => ({
      name,
      topics: Object.entries(topics).map(([topicName, channels]) => ({
        name: topicName,
        channels: [...channels],
      })),
      types: Object.entries(events).map(([type, definition]) => describeType(type, definition)),
      views: Object.entries(views).map(([viewName, definition]) =>
        describeView(viewName, definition, retention.ofView(`${name}/${viewName}`)),
      ),
      maxLead: Number.isFinite(maxLead) ? maxLead : null,
    })),
    unclaimed: { topic: UNCLAIMED_TOPIC, types: unknownTypes },
    retention: describeRetention(domains, names, retention),
    severities: [...SEVERITIES],
    policy: {
      actions: ALL_ACTIONS.map((action) => ({ action, role: ACTIONS[action] })),
      channels: CHANNELS.map(describeLine),
    },
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

function describeLine({ channels, read, publish, types }: ChannelLine) {
  return { channels, read, publish, ...(types && { types: [...types] }) }
}

function describeType(type: string, definition: EventDefinition) {
  return {
    type,
    description: definition.schema.meta()?.description ?? '',
    category: describeDerived(definition.category, type),
    severity: describeDerived(definition.severity, 'info'),
    internal: definition.isInternal ?? false,
    ...(definition.actor !== undefined && { actor: definition.actor }),
    dataRequired: !definition.schema.safeParse(undefined).success,
    schema: z.toJSONSchema(definition.schema, { io: 'input' }),
  }
}

function describeRetention(
  domains: readonly Domain[],
  topics: readonly string[],
  { ofTopic, ofView, claims }: Retention,
) {
  const views = domains.flatMap(({ name, views = {} }) => Object.keys(views).map((view) => `${name}/${view}`))
  const kept = views.flatMap((view): [string, number][] => {
    const seconds = ofView(view)
    return seconds === undefined ? [] : [[view, seconds]]
  })
  return {
    topics: Object.fromEntries(topics.map((topic) => [topic, ofTopic(topic)])),
    views: Object.fromEntries(kept),
    claims,
  }
}

function describeView(
  name: string,
  { description, lateEvents, channels, keys, erasing }: View,
  keptSeconds: number | undefined,
) {
  const kept = keptSeconds !== undefined && { keepDays: keptSeconds / DAY_SECONDS }
  return {
    name,
    description,
    lateEvents,
    channels: [...channels],
    keyed: keys !== undefined,
    ...(erasing && { erasing: erasing.rule }),
    ...kept,
  }
}

function describeDerived(derivation: Derived<unknown> | undefined, fallback: string) {
  if (derivation === undefined) return { value: fallback }
  return typeof derivation === 'string' ? { value: derivation } : { rule: derivation.rule }
}
