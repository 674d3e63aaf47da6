import * as z from 'zod'
import { SEVERITIES } from '#shared/core/severity.ts'
import { headerName, pointer } from './scheme.ts'

// How a verified request becomes an event, as data. Where several places are given, the first that holds text wins.

/** A place in the request, or a fixed value (only where the field `if` is there). */
const lookup = z.union([
  z.strictObject({ header: headerName }),
  z.strictObject({ field: pointer }),
  z.strictObject({ value: z.string().min(1), if: pointer.optional() }),
])
export type Lookup = z.infer<typeof lookup>

const lookups = z.array(lookup)

export const mappingSchema = z.strictObject({
  /** The body is a CloudEvent, which is taken as it is; nothing else of the mapping counts. */
  cloudevents: z.boolean().optional(),
  /** The event's name: type and category are `<source>.<name>`; its dots begin new segments. */
  name: lookups.optional(),
  /** What is cut off the front of the name. */
  strip: z.string().optional(),
  /** A whole type instead of `<source>.<name>`. */
  type: lookups.optional(),
  /** A whole category instead of `<source>.<name>`. */
  category: lookups.optional(),
  /** The provider's id of the delivery; without one, the SHA-256 of the body. */
  id: lookups.optional(),
  /** Members of a JSON body that change from one attempt to the next: the SHA-256 leaves them out. */
  volatile: z.array(z.string()).optional(),
  subject: lookups.optional(),
  /** RFC 3339 text, or Unix time in seconds or milliseconds. */
  time: lookups.optional(),
  severity: z.strictObject({ from: lookups, values: z.record(z.string(), z.enum(SEVERITIES)) }).optional(),
})
export type Mapping = z.infer<typeof mappingSchema>

/** A verified request that is answered and is no event: all of `when` hold and the field `unless` is not there. */
export const challengeSchema = z.strictObject({
  when: z.record(pointer, z.union([z.string(), z.number()])),
  unless: pointer.optional(),
  /** The JSON that is answered; without `reply` and `echo`, 204. */
  reply: z.record(z.string(), z.unknown()).optional(),
  /** Members of the answer that are taken from the request. */
  echo: z.record(z.string(), pointer).optional(),
})
export type Challenge = z.infer<typeof challengeSchema>
