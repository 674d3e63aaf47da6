import * as z from 'zod'
import { ROLES } from '#shared/core/access/role.ts'
import { clientMessages } from '#shared/core/messages.ts'

const time = () => z.string().meta({ format: 'date-time' })
const { channels, filter } = clientMessages.subscribe.shape

const connection = z
  .object({
    id: z.string(),
    principal: z.object({
      name: z.string(),
      kind: z.enum(['user', 'service', 'key']),
      role: z.enum(ROLES),
    }),
    connected: time(),
    expires: time().meta({
      format: 'date-time',
      description: 'When it is closed at the latest: after two hours, or with its credential.',
    }),
    address: z.string().optional().meta({ description: 'Where it was opened from.' }),
    subscriptions: z.array(
      z.object({
        id: z.string(),
        channels,
        filter,
        behind: z.boolean().meta({ description: 'It missed a frame, and gets none until it resumes.' }),
      }),
    ),
    framesPerSecond: z.number().min(0).meta({ description: 'The average of the last half minute.' }),
    eventsPerSecond: z.number().min(0),
    lastFrame: time().optional().meta({
      format: 'date-time',
      description: 'The last frame, if there was one in the last half minute.',
    }),
    lagMs: z.int().min(0).meta({
      description: 'How long ago the first frame was that a subscription missed; 0 if all are live.',
    }),
  })
  .meta({ description: 'An open connection.' })

const connectionList = z
  .object({
    connections: z.array(connection),
    total: z
      .int()
      .min(0)
      .meta({ description: 'How many connections are open, also with a filter; as in GET /stats.' }),
    next: z
      .nullable(z.string())
      .meta({ description: 'Send it as "next" for the next page; null at the end.' }),
  })
  .meta({ description: 'Connections, newest first. A page may be short, or even empty, before the end.' })

const connectionClosed = z.object({ id: z.string() }).meta({ description: 'The connection that is closed.' })

/** The schemas of the routes of connections by name. */
export const connectionSchemas = { connectionList, connectionClosed }
