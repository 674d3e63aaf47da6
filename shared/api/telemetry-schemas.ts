import * as z from 'zod'
import { PAINT_LIMITS } from '#shared/core/limits.ts'
import { HOPS } from '#shared/pipeline/telemetry/hops.ts'

const latency = () => z.number().min(0).nullable()
const time = () => z.number().min(0).meta({ description: "Milliseconds since 1970, by the page's clock." })

const hopLatencies = z
  .object({
    windowSeconds: z.number().meta({ description: 'The latencies are those of so many seconds.' }),
    hops: z.array(
      z.object({
        hop: z.enum(HOPS),
        count: z.int().min(0).meta({ description: 'How many were measured.' }),
        p50: latency(),
        p95: latency(),
        p99: latency(),
      }),
    ),
  })
  .meta({ description: 'How long events take for each hop, in milliseconds; null where none was measured.' })

const paintReport = z
  .strictObject({
    sent: time(),
    paints: z
      .array(
        z.object({
          topic: z.string().max(249),
          partition: z.int().min(0),
          offset: z.int().min(0),
          received: time(),
          shown: time(),
          painted: time(),
        }),
      )
      .max(PAINT_LIMITS.atOnce),
  })
  .meta({
    description:
      'When a page had events, began to show them, and had them on the screen. `sent` is its clock now.',
  })

const paintsTaken = z
  .object({ taken: z.int().min(0) })
  .meta({ description: 'How many paints were taken: those of stored events that the credentials may read.' })

/** The schemas of telemetry. */
export const telemetrySchemas = { hopLatencies, paintReport, paintsTaken }
