import * as z from 'zod'
import { CHANNEL_EXPRESSION, PATTERN_EXPRESSION } from './channel.ts'
import { ACCEPT_LIMITS, CHANNEL_LIMITS } from './limits.ts'
import { SEVERITIES } from './severity.ts'

const { segments, wildcards } = CHANNEL_LIMITS
/** Text without control characters and noncharacters (CloudEvents §3.1). */
const TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ufdd0-\\ufdef\\ufffe\\uffff]+$'
/** The names of attributes (CloudEvents §3.1), and `data_base64`, which is not an attribute. */
const NAMES = { pattern: '^(?:[a-z0-9]{1,64}|data_base64)$' }
const EXAMPLE = {
  specversion: '1.0',
  id: 'arrival-7781',
  source: '/cranes/4',
  type: 'port.container.arrived',
  subject: 'MSKU-9021044',
  time: '2026-11-21T08:00:00Z',
  datacontenttype: 'application/json',
  data: { berth: 'B4', weightKg: 21_400 },
}
const INT32 = { minimum: -2_147_483_648, maximum: 2_147_483_647 } as const

/** A channel, by the rules of `channelProblem`. */
export const channel = z.string().meta({
  description: `A dotted path of at most ${segments} segments.`,
  pattern: CHANNEL_EXPRESSION,
  examples: ['port.container'],
})

/** A channel pattern, by the rules of `channelProblem` with `patterns`. */
export const channelPattern = z.string().meta({
  description: `A channel in which "*" matches one segment (at most ${wildcards}), and "**" at the end any number of segments, including none.`,
  pattern: PATTERN_EXPRESSION,
  examples: ['port.*', 'market.tick.**'],
})

export const severity = z
  .enum(SEVERITIES)
  .meta({ description: 'How important the event is, from the highest to the lowest severity.' })

const text = z.string().min(1).meta({ pattern: TEXT })
const time = z.string().meta({
  format: 'date-time',
  description: 'The time of the event (RFC 3339).',
  examples: ['2026-11-21T08:00:00Z'],
})
const extension = z.union([z.string(), z.boolean(), z.int().min(INT32.minimum).max(INT32.maximum)])
const key = z.string().min(1).max(ACCEPT_LIMITS.keyBytes).meta({ pattern: TEXT })

const context = {
  specversion: z.literal('1.0'),
  id: key.meta({
    description: `Unique within the source: the pair (source, id) is one event for as long as the log is kept (7 days by default). At most ${ACCEPT_LIMITS.keyBytes} bytes of UTF-8.`,
  }),
  source: key.meta({
    format: 'uri-reference',
    description: `The producer of the event. At most ${ACCEPT_LIMITS.keyBytes} bytes.`,
    examples: ['/cranes/4'],
  }),
  type: text.meta({ description: 'The kind of event; GET /catalog lists the known types.' }),
  subject: text.meta({ description: 'The object that the event is about.' }),
  time,
  datacontenttype: text.meta({ description: 'The media type of the data.', examples: ['application/json'] }),
  dataschema: text.meta({ format: 'uri', description: 'The URI of the schema of the data.' }),
  category: channel,
  severity,
  partitionkey: text.meta({ description: 'Events with the same key are delivered in order.' }),
  traceparent: text.meta({ description: 'W3C trace context.' }),
}
const data = z.unknown().meta({
  description:
    'Any JSON of at most 128 levels; numbers keep every digit. For a type of the catalog it must match the schema of that type.',
})
const base64 = z.string().meta({
  contentEncoding: 'base64',
  description: 'Data that is not JSON. Not allowed together with "data", or for a type of the catalog.',
})

/** An event as it is stored and delivered. */
export const cloudEvent = z
  .object({
    ...z.object(context).partial({
      subject: true,
      time: true,
      datacontenttype: true,
      dataschema: true,
      partitionkey: true,
      traceparent: true,
    }).shape,
    data: data.optional(),
    data_base64: base64.optional(),
  })
  .catchall(extension)
  .meta({
    description: 'A CloudEvents 1.0.2 event with its channel and severity, as it is delivered.',
    propertyNames: NAMES,
  })

/** An event that a producer writes straight to Kafka: the attributes that the catalog derives are optional. */
export const recordEvent = cloudEvent.partial({ category: true, severity: true }).catchall(extension).meta({
  description:
    'A CloudEvents 1.0.2 event in a record; category and severity are derived if they are missing.',
  propertyNames: NAMES,
})

/** `null` is the same as a missing attribute, except for the type. */
const { type, ...mayBeLeftOut } = context
const nullish = z.object(mayBeLeftOut).partial()
const draft = Object.fromEntries(
  Object.entries(nullish.shape).map(([name, schema]) => [name, z.nullish(schema.unwrap())]),
)

/** An event as it is posted in the JSON format: missing attributes are filled in. */
export const cloudEventDraft = z
  .object({ ...draft, type, data: data.optional(), data_base64: base64.nullish() })
  .catchall(z.nullable(extension))
  .meta({
    description:
      'A CloudEvents 1.0.2 event. Only "type" is required: id, source and time are filled in; category, severity and partitionkey are derived from type and data. A type that is neither in the catalog nor a channel needs a category.',
    propertyNames: NAMES,
    examples: [EXAMPLE],
  })

/** An event as plain JSON. */
export const plainEvent = z
  .strictObject({
    type,
    data: data.optional(),
    subject: z.nullish(context.subject),
    category: z.nullish(channel),
    severity: z.nullish(severity),
    id: z.nullish(context.id),
    source: z.nullish(context.source),
    time: z.nullish(time),
  })
  .meta({
    description:
      'An event as plain JSON: only "type" is required, unknown members are refused. A type that is neither in the catalog nor a channel needs a category.',
    examples: [{ type: 'port.container.arrived', subject: 'MSKU-9021044', data: { berth: 'B4' } }],
  })

export const position = {
  topic: z.string(),
  partition: z.int().min(0),
  offset: z.int().min(0),
}

/** An event with its position. */
export const positionedEvent = z
  .object({
    ...position,
    event: cloudEvent,
    replayOf: z
      .object(position)
      .optional()
      .meta({ description: 'The dead letter that the event was replayed from.' }),
    ahead: z.literal(true).optional().meta({
      description:
        'The time of the event is further ahead of its record than its domain allows (5 minutes by default): it is stored and delivered, and moves no view, statistic, lifecycle or alert.',
    }),
  })
  .meta({ description: 'An event and its position in Kafka.' })
